//! What AWS's reason codes mean, in a few words. Source: AWS, "Connection logs for your Application Load Balancer", error reason codes,
//! and the re:Post article on mTLS client connection issues.

const MEANINGS: [(&str, &str); 13] = [
    ("ClientCertMaxChainDepthExceeded", "certificate chain is too deep (limit 4)"),
    ("ClientCertMaxSizeExceeded", "certificate is too large (limit 16 KB)"),
    ("ClientCertCrlHit", "revoked: on a revocation list of the trust store"),
    ("ClientCertUntrusted", "issuer is not in the trust store"),
    ("ClientCertNotYetValid", "used before its NotBefore"),
    ("ClientCertExpired", "used after its NotAfter"),
    ("ClientCertTypeUnsupported", "wrong kind of certificate (must be X.509 v3)"),
    ("ClientCertInvalid", "does not meet the load balancer's requirements"),
    ("ClientCertRejected", "refused by custom validation on the target"),
    ("ClientCertCrlProcessingError", "revocation list could not be processed"),
    ("UnmappedConnectionError", "anything else; often no certificate, or no TLS agreement"),
    ("ClientCertPurposeInvalid", "key usage does not allow client authentication"),
    ("ClientCertIncompatible", "incompatible with the listener's security policy"),
];

/// The meaning of a code; one that AWS has not documented says so.
pub(super) fn meaning(code: &str) -> &'static str {
    MEANINGS.iter().find(|(known, _)| *known == code).map_or("unknown: not a documented reason code", |(_, meaning)| meaning)
}

/// What makes a line a rejected one, by its reason code.
pub(super) fn rejection(code: &str) -> &'static str {
    match code {
        "not-utf8" => "not UTF-8 text",
        "quote-not-closed" => "a field opens with a quote that never closes",
        "text-after-quote" => "something other than a space follows a closing quote",
        "too-few-fields" => "fewer than 11 fields",
        "invalid-time" => "time is no UTC timestamp",
        "invalid-ip-address" => "client_ip is no IP address",
        "invalid-port" => "a port is not a number from 0 to 65535",
        "invalid-latency" => "latency is neither - nor a decimal of 0 or more",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use tlslake_engine::LineFaultReason as Reason;

    use super::*;

    #[test]
    fn every_rejection_has_words() {
        let all = [
            Reason::NotUtf8,
            Reason::QuoteNotClosed,
            Reason::TextAfterQuote,
            Reason::TooFewFields,
            Reason::InvalidTime,
            Reason::InvalidIpAddress,
            Reason::InvalidPort,
            Reason::InvalidLatency,
        ];
        for reason in all {
            assert_ne!(rejection(reason.code()), "", "{}", reason.code());
        }
    }

    #[test]
    fn an_unknown_code_is_shown_as_unknown() {
        assert!(meaning("ClientCertFromTheFuture").starts_with("unknown"));
        assert_eq!(meaning("ClientCertExpired"), "used after its NotAfter");
    }
}
