//! What happens at a balancer: who connects, how, and what becomes of it. Fills lines; writes nothing.

use super::population::{Client, Population, UNMAPPED};
use crate::calendar::MICROS;
use crate::draw::{Draw, scale, weighted};
use crate::line::{Line, TlsProfile, Verdict, field};

/// Listener ports: HTTPS, a second HTTPS listener, and plain HTTP.
const HTTPS: u16 = 443;
const HTTPS_ALTERNATE: u16 = 8443;
const HTTP: u16 = 80;

/// Of a thousand connections: plain HTTP; TLS that never comes to an end (scanners, port checks); TLS without a client certificate. The
/// others show one.
const PLAIN_PER_MILLE: u64 = 40;
const SCANNERS_PER_MILLE: u64 = 12;
const NO_CERTIFICATE_PER_MILLE: u64 = 90;
/// Of a thousand clients in order, how many connections fail all the same, for one of [`PASSING`].
const PASSING_PER_MILLE: u64 = 3;
const PASSING: [&str; 3] = [UNMAPPED, "ClientCertRejected", "ClientCertCrlProcessingError"];

const fn profile(protocol: &'static str, cipher: &'static str, key_exchange: &'static str) -> TlsProfile {
    TlsProfile { protocol, cipher, key_exchange }
}

/// What clients negotiate, with its share.
pub(crate) const PROFILES: [(u32, TlsProfile); 14] = [
    (26, profile("TLSv1.3", "TLS_AES_128_GCM_SHA256", "x25519")),
    (22, profile("TLSv1.3", "TLS_AES_128_GCM_SHA256", "X25519MLKEM768")),
    (8, profile("TLSv1.3", "TLS_AES_128_GCM_SHA256", "secp256r1")),
    (7, profile("TLSv1.3", "TLS_AES_256_GCM_SHA384", "x25519")),
    (4, profile("TLSv1.3", "TLS_AES_256_GCM_SHA384", "X25519MLKEM768")),
    (1, profile("TLSv1.3", "TLS_AES_256_GCM_SHA384", "SecP256r1MLKEM768")),
    (1, profile("TLSv1.3", "TLS_AES_256_GCM_SHA384", "SecP384r1MLKEM1024")),
    (4, profile("TLSv1.3", "TLS_CHACHA20_POLY1305_SHA256", "x25519")),
    (13, profile("TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256", "secp256r1")),
    (5, profile("TLSv1.2", "ECDHE-ECDSA-AES128-GCM-SHA256", "secp256r1")),
    (5, profile("TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384", "secp384r1")),
    (2, profile("TLSv1.2", "ECDHE-RSA-AES128-SHA256", "secp256r1")),
    (1, profile("TLSv1.2", "ECDHE-RSA-AES256-SHA384", "x25519")),
    (1, profile("TLSv1.2", "AES128-GCM-SHA256", "-")),
];

/// Handshake latency in milliseconds at rising shares (of 65,536) of the handshakes: near log-normal, with the long tail of real networks.
const LATENCY: [(u64, u64); 11] = [
    (0, 2),
    (6_554, 5),
    (16_384, 9),
    (32_768, 17),
    (49_152, 32),
    (58_982, 66),
    (63_570, 150),
    (64_881, 290),
    (65_339, 720),
    (65_503, 2_300),
    (65_536, 9_800),
];

/// Where connections arrive.
pub(crate) struct Site {
    /// Field 14.
    pub(crate) elb: String,
    /// Field 15.
    pub(crate) node: &'static str,
}

/// The connections that a population makes to a site.
pub(crate) struct Traffic<'a> {
    /// Who connects.
    pub(crate) population: &'a Population,
    /// Where to.
    pub(crate) site: &'a Site,
}

impl Traffic<'_> {
    /// Makes `line` the connection that ends at `micros` (since 1970).
    pub(crate) fn fill(&self, line: &mut Line, draw: &mut Draw, micros: i64) {
        line.set_time(micros);
        line.set_trace(draw);
        line.set(field::ELB, &self.site.elb);
        line.set(field::NODE, self.site.node);
        let client = self.population.draw(draw);
        let kind = draw.below(1_000);
        if kind < PLAIN_PER_MILLE {
            client.write_address(line);
            without_tls(line, draw, HTTP);
        } else if kind < PLAIN_PER_MILLE + SCANNERS_PER_MILLE {
            write_scanner_address(line, draw);
            without_tls(line, draw, HTTPS);
        } else if kind < PLAIN_PER_MILLE + SCANNERS_PER_MILLE + NO_CERTIFICATE_PER_MILLE {
            without_certificate(line, draw, &client);
        } else {
            with_certificate(line, draw, &client, micros.div_euclid(MICROS));
        }
    }
}

/// A connection that has no TLS to tell of: plain HTTP, or a negotiation that never came to an end.
fn without_tls(line: &mut Line, draw: &mut Draw, listener: u16) {
    line.set_ports(ephemeral_port(draw), listener);
    line.set_tls(None);
    line.set_latency(None);
    line.set_no_certificate();
    line.set_verdict(Verdict::None);
}

fn without_certificate(line: &mut Line, draw: &mut Draw, client: &Client<'_>) {
    secured(line, draw, client, HTTPS);
    line.set_no_certificate();
    line.set_latency(Some(latency(draw, client)));
    line.set_verdict(Verdict::Success);
}

fn with_certificate(line: &mut Line, draw: &mut Draw, client: &Client<'_>, now: i64) {
    let listener = if client.network_bits() & 0b111 < 2 { HTTPS_ALTERNATE } else { HTTPS };
    secured(line, draw, client, listener);
    let reason = client.trouble().or_else(|| draw.per_mille(PASSING_PER_MILLE).then(|| draw.pick(&PASSING)));
    // One of the causes behind the reason without a name: a verifying listener, and a client that shows nothing.
    if reason == Some(UNMAPPED) && draw.bits() & 1 == 0 {
        line.set_no_certificate();
    } else {
        client.write_certificate(line, now);
    }
    match reason {
        Some(code) => {
            line.set_latency(None);
            line.set_verdict(Verdict::Failed(code));
        }
        None => {
            line.set_latency(Some(latency(draw, client)));
            line.set_verdict(Verdict::Success);
        }
    }
}

/// Address, ports and TLS of a client whose negotiation came to an end.
fn secured(line: &mut Line, draw: &mut Draw, client: &Client<'_>, listener: u16) {
    client.write_address(line);
    line.set_ports(ephemeral_port(draw), listener);
    line.set_tls(Some(weighted(&PROFILES, client.tls_bits())));
}

fn ephemeral_port(draw: &mut Draw) -> u16 {
    (1_024 + draw.below(64_512)) as u16
}

/// Scanners come from 198.18.0.0/15, which no client has.
fn write_scanner_address(line: &mut Line, draw: &mut Draw) {
    let host = draw.below(1 << 11);
    line.set(field::CLIENT_IP, &format!("198.{}.{}.{}", 18 + (host >> 10), host >> 4 & 0x3f, host & 0xf));
}

/// Milliseconds: a draw from [`LATENCY`], times how far away the client is.
fn latency(draw: &mut Draw, client: &Client<'_>) -> u64 {
    let distance = 60 + scale(client.network_bits(), 160); // percent
    (quantile(draw.below(65_536)) * distance / 100).max(1)
}

/// The latency below which a share (of 65,536) of the handshakes lies, by straight lines between the points of [`LATENCY`].
fn quantile(share: u64) -> u64 {
    let upper = LATENCY.partition_point(|(known, _)| *known <= share).clamp(1, LATENCY.len() - 1);
    let ((low, from), (high, to)) = (LATENCY[upper - 1], LATENCY[upper]);
    from + (to - from) * (share - low) / (high - low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latency_meets_its_points() {
        assert_eq!(quantile(0), 2);
        assert_eq!(quantile(32_768), 17);
        assert_eq!(quantile(65_535), 2_300 + 7_500 * 32 / 33);
        assert!((1..65_536).all(|share| quantile(share) >= quantile(share - 1)));
    }
}
