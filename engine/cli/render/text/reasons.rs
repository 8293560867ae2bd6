//! What codes mean, in a few words: the balancer's from the catalogue, and those of rejected lines.

use tlslake_engine::reasons;

/// The meaning of a code; one that AWS has not documented says so.
pub(super) fn meaning(code: &str) -> &'static str {
    reasons::reason(code).map_or("unknown: not a documented reason code", |reason| reason.meaning)
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
