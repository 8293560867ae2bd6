//! Every reason code, from the log alone: one test for each row of the module's table.

use super::*;

#[test]
fn expired_after_not_after_is_proven_with_the_gap() {
    let history = certificate("02").with(failed("ClientCertExpired", NOW + 92 * DAY + 23 * HOUR, NOW + 93 * DAY).leaf(LeafState::Expired));
    let finding = only(history);
    assert_cause(&finding, Cause::LeafExpired, Certainty::Proven);
    assert_says(&finding, "2 d 23 h before the first of these 2 handshakes");
    assert_says(&finding, "the last 3 d 0 h later");
}

#[test]
fn one_handshake_after_not_after() {
    let finding = only(certificate("02").with(failed("ClientCertExpired", NOW + 91 * DAY, NOW + 91 * DAY).leaf(LeafState::Expired)));
    assert_cause(&finding, Cause::LeafExpired, Certainty::Proven);
    assert_says(&finding, "1 d 0 h before the handshake.");
}

#[test]
fn expired_while_the_leaf_was_valid_lies_higher() {
    let finding = only(certificate("02").with(failed("ClientCertExpired", NOW, NOW + HOUR)));
    assert_cause(&finding, Cause::IntermediateExpired, Certainty::Likely);
    assert_says(&finding, "2 of 2 handshakes came while the client's certificate was valid");
}

#[test]
fn expired_before_and_after_the_leafs_end_says_both() {
    let history = certificate("02")
        .with(failed("ClientCertExpired", NOW, NOW + HOUR))
        .with(failed("ClientCertExpired", NOW + 91 * DAY, NOW + 92 * DAY).leaf(LeafState::Expired));
    let finding = only(history);
    assert_cause(&finding, Cause::IntermediateExpired, Certainty::Likely);
    assert_says(&finding, "2 of 4 handshakes came while");
    assert_says(&finding, "has expired, too");
    assert_eq!(hypotheses(&finding), [Cause::LeafExpired]);
}

#[test]
fn expired_without_a_validity_is_a_guess() {
    let mut history = certificate("02").with(failed("ClientCertExpired", NOW, NOW).leaf(LeafState::Unknown));
    (history.validity, history.not_before, history.not_after) = (None, None, None);
    let finding = only(history);
    assert_cause(&finding, Cause::LeafExpired, Certainty::Likely);
    assert_eq!(hypotheses(&finding), [Cause::IntermediateExpired]);
}

#[test]
fn expired_with_a_validity_on_some_lines_only_is_not_proven() {
    let history = certificate("02")
        .with(failed("ClientCertExpired", NOW + 91 * DAY, NOW + 91 * DAY).leaf(LeafState::Expired))
        .with(failed("ClientCertExpired", NOW + 91 * DAY, NOW + 91 * DAY).leaf(LeafState::Unknown));
    assert_cause(&only(history), Cause::LeafExpired, Certainty::Likely);
}

#[test]
fn expired_under_two_issuers_is_proven_but_has_no_gap() {
    let mut history = certificate("02").with(failed("ClientCertExpired", NOW, NOW).leaf(LeafState::Expired));
    history.validity_differs = true;
    let finding = only(history);
    assert_cause(&finding, Cause::LeafExpired, Certainty::Proven);
    assert_says(&finding, "two certificates, of two issuers");
    assert_never_says(&finding, "later");
}

#[test]
fn an_hour_before_not_before_is_proven() {
    let too_early = |gap| {
        let at = NOW - 90 * DAY - gap;
        only(certificate("02").with(failed("ClientCertNotYetValid", at, at).leaf(LeafState::NotYetValid)))
    };
    let finding = too_early(HOUR);
    assert_cause(&finding, Cause::NotYetValid, Certainty::Proven);
    assert_says(&finding, "1 h 0 min after the handshake");
    assert_cause(&too_early(3 * DAY), Cause::NotYetValid, Certainty::Proven);
    let finding = too_early(HOUR - 1);
    assert_cause(&finding, Cause::ClockSkew, Certainty::Likely);
    assert_says(&finding, "59 min 59 s");
}

#[test]
fn the_earliest_handshake_tells_skew_from_too_early() {
    let valid_from = NOW - 90 * DAY;
    let history = certificate("02")
        .with(failed("ClientCertNotYetValid", valid_from - 5 * HOUR, valid_from - 5 * MINUTE).leaf(LeafState::NotYetValid));
    let finding = only(history);
    assert_cause(&finding, Cause::NotYetValid, Certainty::Proven);
    assert_says(&finding, "5 h 0 min earlier, the last 5 min 0 s earlier");
}

#[test]
fn not_yet_valid_while_the_leaf_was_valid_lies_higher() {
    let finding = only(certificate("02").with(failed("ClientCertNotYetValid", NOW, NOW)));
    assert_cause(&finding, Cause::NotYetValid, Certainty::Likely);
    assert_says(&finding, "higher in the chain");
}

#[test]
fn not_yet_valid_without_a_validity_is_a_guess() {
    let mut history = certificate("02").with(failed("ClientCertNotYetValid", NOW, NOW).leaf(LeafState::Unknown));
    (history.validity, history.not_before, history.not_after) = (None, None, None);
    assert_cause(&only(history), Cause::NotYetValid, Certainty::Likely);
}

#[test]
fn revoked_is_never_proven_by_the_code_and_tells_when_it_last_worked() {
    let finding = only(certificate("02").with(failed("ClientCertCrlHit", NOW, NOW + DAY)).with(succeeded(NOW - 9 * DAY, NOW - HOUR)));
    assert_cause(&finding, Cause::Revoked, Certainty::Likely);
    assert_says(&finding, "It last worked at 2026-03-16T23:00:00Z");
}

#[test]
fn untrusted_and_nothing_else_known() {
    let finding = only(certificate("02").with(failed("ClientCertUntrusted", NOW, NOW)));
    assert_cause(&finding, Cause::IssuerMissing, Certainty::Likely);
    assert_eq!(hypotheses(&finding), [Cause::IntermediateMissing, Cause::IssuerKeyMismatch]);
}

#[test]
fn untrusted_here_and_working_there_is_a_trust_store_that_differs() {
    let there = Went { listener: Some(THERE), ..succeeded(NOW - DAY, NOW) };
    let finding = only(certificate("02").with(failed("ClientCertUntrusted", NOW, NOW + HOUR)).with(there));
    assert_cause(&finding, Cause::TrustStoreDiffers, Certainty::Likely);
    assert_says(&finding, "app/b/2:443");
}

#[test]
fn untrusted_here_and_working_there_long_ago_says_nothing() {
    let there = Went { listener: Some(THERE), ..succeeded(NOW - 9 * DAY, NOW - 1) };
    let finding = only(certificate("02").with(failed("ClientCertUntrusted", NOW, NOW + HOUR)).with(there));
    assert_cause(&finding, Cause::IssuerMissing, Certainty::Likely);
}

#[test]
fn untrusted_since_the_bundle_was_replaced() {
    let finding = only(certificate("02").with(failed("ClientCertUntrusted", NOW, NOW + DAY)).with(succeeded(NOW - 9 * DAY, NOW - HOUR)));
    assert_cause(&finding, Cause::IssuerMissing, Certainty::Likely);
    assert_says(&finding, "worked here until 2026-03-16T23:00:00Z");
    assert_says(&finding, "bundle was replaced");
}

#[test]
fn codes_with_one_usual_cause_are_likely() {
    let cases = [
        ("ClientCertMaxChainDepthExceeded", Cause::ChainTooDeep),
        ("ClientCertMaxSizeExceeded", Cause::CertificateTooLarge),
        ("ClientCertTypeUnsupported", Cause::NotX509v3),
        ("ClientCertPurposeInvalid", Cause::PurposeNotClientAuth),
        ("ClientCertRejected", Cause::RejectedByTarget),
        ("ClientCertIncompatible", Cause::PolicyIncompatible),
    ];
    for (reason, cause) in cases {
        assert_cause(&only(certificate("02").with(failed(reason, NOW, NOW))), cause, Certainty::Likely);
    }
}

#[test]
fn rejected_by_the_target_leads_to_the_access_log() {
    assert_says(&only(certificate("02").with(failed("ClientCertRejected", NOW, NOW))), "conn_trace_id");
}

#[test]
fn incompatible_shows_protocol_and_cipher() {
    assert_says(&only(certificate("02").with(failed("ClientCertIncompatible", NOW, NOW))), "TLSv1.3 TLS_AES_128_GCM_SHA256");
}

#[test]
fn codes_with_many_causes_are_unknown_with_hypotheses() {
    let finding = only(certificate("02").with(failed("ClientCertInvalid", NOW, NOW)));
    assert_cause(&finding, Cause::Unknown, Certainty::Unknown);
    let expected = [Cause::WeakKey, Cause::UnsupportedKey, Cause::WeakSignature, Cause::NotX509v3, Cause::PurposeNotClientAuth];
    assert_eq!(hypotheses(&finding), expected);
    let finding = only(certificate("02").with(failed("ClientCertCrlProcessingError", NOW, NOW)));
    assert_cause(&finding, Cause::Unknown, Certainty::Unknown);
    let expected = [Cause::CrlExpired, Cause::CrlUnparsable, Cause::CrlWrongIssuer, Cause::CrlBadSignature, Cause::QuotaExceeded];
    assert_eq!(hypotheses(&finding), expected);
}

#[test]
fn unmapped_without_a_certificate() {
    let finding = only(without_certificate().with(failed("UnmappedConnectionError", NOW, NOW).leaf(LeafState::Unknown)));
    assert_cause(&finding, Cause::NoCertificate, Certainty::Likely);
    let went = Went { protocol: None, ..failed("UnmappedConnectionError", NOW, NOW).leaf(LeafState::Unknown) };
    let finding = only(without_certificate().with(went));
    assert_cause(&finding, Cause::TlsNegotiationFailed, Certainty::Likely);
    assert_eq!((finding.subject, finding.serial), (None, None));
}

#[test]
fn unmapped_of_both_kinds_goes_with_the_most_and_names_the_other() {
    let without = Went { protocol: None, count: 5, ..failed("UnmappedConnectionError", NOW, NOW + HOUR) };
    let finding = only(without_certificate().with(without).with(failed("UnmappedConnectionError", NOW, NOW)));
    assert_cause(&finding, Cause::TlsNegotiationFailed, Certainty::Likely);
    assert!(hypotheses(&finding).contains(&Cause::NoCertificate));
    assert_says(&finding, "1 of 6 connections");
}

#[test]
fn unmapped_with_a_certificate_is_unknown() {
    let finding = only(certificate("02").with(failed("UnmappedConnectionError", NOW, NOW)));
    assert_cause(&finding, Cause::Unknown, Certainty::Unknown);
    assert!(!finding.hypotheses.is_empty());
}

#[test]
fn codes_that_nobody_documented_are_unknown() {
    for reason in ["ClientCertFromTheFuture", "(none)", "(empty)", "\u{1b}[2J"] {
        let finding = only(certificate("02").with(failed(reason, NOW, NOW)));
        assert_cause(&finding, Cause::Unknown, Certainty::Unknown);
        assert_eq!(finding.reason, reason);
    }
}
