//! The clients: addresses, certificates, and what is wrong with some of them.
//!
//! Nothing is kept per client. All that is true of one is hashed from the seed and its number, so that half a million of them cost no
//! more than five.

use std::io::Write;
use std::net::IpAddr;

use crate::calendar::{DAY, push_padded};
use crate::draw::{Draw, hash, scale, weighted};
use crate::line::{Line, field, push_hex};

/// 365 days.
const SECONDS_A_YEAR: i64 = 365 * DAY;
/// Of a thousand clients, how many cannot connect.
pub(crate) const TROUBLED_PER_MILLE: u64 = 60;
/// The busiest clients, who are all healthy: one broken certificate among them would be the whole report.
const ALWAYS_HEALTHY: u64 = 64;

pub(crate) const EXPIRED: &str = "ClientCertExpired";
pub(crate) const NOT_YET_VALID: &str = "ClientCertNotYetValid";
pub(crate) const UNMAPPED: &str = "UnmappedConnectionError";

/// Every documented reason with its share among clients in trouble.
pub(crate) const REASONS: [(u32, &str); 13] = [
    (34, EXPIRED),
    (22, "ClientCertUntrusted"),
    (16, UNMAPPED),
    (5, "ClientCertCrlHit"),
    (4, "ClientCertRejected"),
    (4, "ClientCertPurposeInvalid"),
    (3, NOT_YET_VALID),
    (3, "ClientCertMaxChainDepthExceeded"),
    (3, "ClientCertInvalid"),
    (2, "ClientCertTypeUnsupported"),
    (2, "ClientCertMaxSizeExceeded"),
    (1, "ClientCertIncompatible"),
    (1, "ClientCertCrlProcessingError"),
];

/// Who runs the clients: organization, domain, city, state, country.
const OWNERS: [[&str; 5]; 10] = [
    ["Northwind Payments LLC", "northwind-pay.example.com", "Seattle", "Washington", "US"],
    ["Blue Harbor Logistics Inc", "blueharbor.example.com", "San Francisco", "California", "US"],
    ["Contoso Retail Group", "retail.contoso.example", "New York", "New York", "US"],
    ["Fjord Energy AS", "fjord-energy.example", "Oslo", "Oslo", "NO"],
    ["Alpenbank AG", "alpenbank.example", "Zurich", "Zurich", "CH"],
    ["Kirin Devices KK", "devices.kirin.example", "Minato-ku", "Tokyo", "JP"],
    ["Sol y Mar Seguros SA", "solymar.example", "Valencia", "Comunidad Valenciana", "ES"],
    ["Rheinwerk Automation GmbH", "rheinwerk.example.com", "Duesseldorf", "Nordrhein-Westfalen", "DE"],
    ["Outback Telemetry Pty Ltd", "telemetry.outback.example", "Perth", "Western Australia", "AU"],
    ["Company LLC", "alb-mtls-example.com", "City", "State", "US"],
];
const UNITS: [&str; 6] = ["payments platform", "logistics", "field service", "billing", "stores", "IT"];
const MACHINES: [&str; 6] = ["pos", "gateway", "batch", "handheld", "kiosk", "agent"];

/// What a client's number is hashed for.
mod purpose {
    pub(super) const TROUBLE: u64 = 1;
    pub(super) const REASON: u64 = 2;
    pub(super) const OWNER: u64 = 3;
    pub(super) const UNIT: u64 = 4;
    pub(super) const PHASE: u64 = 5;
    pub(super) const EXPIRY: u64 = 6;
    pub(super) const NETWORK: u64 = 7;
    pub(super) const TLS: u64 = 8;
    pub(super) const SERIAL: u64 = 1 << 32; // and up, by certificate
}

/// All clients of an archive.
pub(crate) struct Population {
    seed: u64,
    clients: u32,
    /// No event is earlier (seconds since 1970): certificates that have expired did so before.
    epoch: i64,
    troubled_per_mille: u64,
}

impl Population {
    /// `clients` (at least 1) of `seed`, of whom so many in a thousand cannot connect.
    pub(crate) fn new(seed: u64, clients: u32, epoch: i64, troubled_per_mille: u64) -> Self {
        Self { seed, clients, epoch, troubled_per_mille }
    }

    /// Someone who connects now.
    pub(crate) fn draw(&self, draw: &mut Draw) -> Client<'_> {
        let clients = u64::from(self.clients);
        let index = if draw.bits() & 1 == 0 { draw.below(clients) } else { zipf(clients, draw) };
        self.client(index)
    }

    /// Client `index` (from 0; the lower, the busier).
    fn client(&self, index: u64) -> Client<'_> {
        Client { population: self, index }
    }
}

/// A number below `count`, `k` with a probability near `1 / (k + 1)`: every power of two begins a range that is as likely as the others.
fn zipf(count: u64, draw: &mut Draw) -> u64 {
    let octaves = u64::from(count.ilog2()) + 1;
    loop {
        let first = 1 << draw.below(octaves);
        let rank = first + draw.below(first);
        if rank <= count {
            return rank - 1;
        }
    }
}

/// One client.
#[derive(Clone, Copy)]
pub(crate) struct Client<'a> {
    population: &'a Population,
    index: u64,
}

impl Client<'_> {
    fn hash(&self, purpose: u64) -> u64 {
        hash(self.population.seed, self.index, purpose)
    }

    fn one_of<'t, T>(&self, purpose: u64, items: &'t [T]) -> &'t T {
        &items[scale(self.hash(purpose), items.len() as u64) as usize]
    }

    /// The reason for which it cannot connect, if there is one.
    pub(crate) fn trouble(&self) -> Option<&'static str> {
        let healthy = ALWAYS_HEALTHY.min(u64::from(self.population.clients) / 8);
        let troubled = self.index >= healthy && scale(self.hash(purpose::TROUBLE), 1_000) < self.population.troubled_per_mille;
        troubled.then(|| *weighted(&REASONS, self.hash(purpose::REASON)))
    }

    /// 64 bits that decide which TLS stack it has.
    pub(crate) fn tls_bits(&self) -> u64 {
        self.hash(purpose::TLS)
    }

    /// 64 bits that decide how far away it is and which listener it was told to use.
    pub(crate) fn network_bits(&self) -> u64 {
        self.hash(purpose::NETWORK)
    }

    /// Writes its address. Six of eight clients are in 10.0.0.0/8, one behind a carrier's NAT (100.64.0.0/10), one has IPv6 from the
    /// documentation's prefix: ranges that belong to nobody. Within each the number is permuted, so addresses repeat only after 2^24.
    pub(crate) fn write_address(&self, line: &mut Line) {
        let offset = hash(self.population.seed, 0, purpose::NETWORK) as u32;
        let permuted = |number: u64, bits: u32| (number as u32).wrapping_mul(0x9e37_79b1).wrapping_add(offset) & ((1 << bits) - 1);
        let address = match self.index % 8 {
            7 => {
                let site = (self.hash(purpose::OWNER) & 0xff) as u16;
                let [_, _, high, low] = [48, 32, 16, 0].map(|shift| (self.index >> shift) as u16);
                IpAddr::from([0x2001, 0xdb8, site, 0, 0, 0, high, low])
            }
            6 => IpAddr::from((0x6440_0000 | permuted(self.index / 8, 22)).to_be_bytes()),
            _ => IpAddr::from((0x0a00_0000 | permuted(self.index, 24)).to_be_bytes()),
        };
        // Writing to a Vec cannot fail.
        let _ = write!(line.field(field::CLIENT_IP), "{address}");
    }

    /// Writes subject, validity and serial of the certificate that it shows at `now` (seconds since 1970): the same one each time, until
    /// it is renewed. What the dates say agrees with [`Client::trouble`] at any time.
    pub(crate) fn write_certificate(&self, line: &mut Line, now: i64) {
        self.write_subject(line.field(field::SUBJECT));
        let (not_before, not_after) = self.validity(now);
        line.set_validity(not_before, not_after);
        self.write_serial(line.field(field::SERIAL), not_after);
    }

    fn write_subject(&self, out: &mut Vec<u8>) {
        let [organization, domain, city, state, country] = self.one_of(purpose::OWNER, &OWNERS);
        let unit = self.one_of(purpose::UNIT, &UNITS);
        let machine = MACHINES[(self.index % MACHINES.len() as u64) as usize];
        out.extend_from_slice(b"\"CN=");
        out.extend_from_slice(machine.as_bytes());
        out.push(b'-');
        push_padded(out, self.index, 6.max(self.index.checked_ilog10().unwrap_or(0) as usize + 1));
        for (separator, text) in
            [(".", domain), (",OU=", unit), (",O=", organization), (",L=", city), (",ST=", state), (",C=", country), ("\"", &"")]
        {
            out.extend_from_slice(separator.as_bytes());
            out.extend_from_slice(text.as_bytes());
        }
    }

    /// NotBefore and NotAfter.
    fn validity(&self, now: i64) -> (i64, i64) {
        match self.trouble() {
            Some(EXPIRED) => {
                let not_after = self.population.epoch - 60 - scale(self.hash(purpose::EXPIRY), 45 * DAY as u64) as i64;
                (not_after - SECONDS_A_YEAR, not_after)
            }
            // Issued ahead of time, to begin at the next midnight.
            Some(NOT_YET_VALID) => {
                let not_before = (now.div_euclid(DAY) + 1) * DAY;
                (not_before, not_before + SECONDS_A_YEAR)
            }
            _ => self.renewed_validity(now),
        }
    }

    /// Certificates follow one another, each a week before the last one ends.
    fn renewed_validity(&self, now: i64) -> (i64, i64) {
        let bits = self.hash(purpose::PHASE);
        let period = if bits & 3 == 0 { 90 * DAY } else { SECONDS_A_YEAR };
        let phase = scale(bits, period as u64) as i64;
        let begin = phase + (now - phase).div_euclid(period) * period;
        (begin - 7 * DAY, begin + period)
    }

    /// 128 bits as most authorities use them; 64 bits for one client in four.
    fn write_serial(&self, out: &mut Vec<u8>, not_after: i64) {
        let certificate = purpose::SERIAL.wrapping_add((not_after as u64) << 1);
        let high = self.hash(certificate);
        if self.hash(purpose::UNIT) & 3 != 0 {
            push_hex(out, self.hash(certificate + 1), 16, b"0123456789ABCDEF");
        }
        push_hex(out, high, 16, b"0123456789ABCDEF");
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn addresses_are_distinct_and_valid() {
        let population = Population::new(9, 500_000, 0, TROUBLED_PER_MILLE);
        let mut line = Line::new();
        let mut seen = HashSet::new();
        for index in 0..500_000 {
            population.client(index).write_address(&mut line);
            let text = std::str::from_utf8(line.text(field::CLIENT_IP)).unwrap();
            text.parse::<IpAddr>().unwrap();
            assert!(seen.insert(text.to_owned()), "{text} twice");
        }
    }

    #[test]
    fn dates_agree_with_the_trouble_at_any_time() {
        let epoch = 20_000 * DAY;
        let population = Population::new(5, 20_000, epoch, TROUBLED_PER_MILLE);
        for index in 0..20_000 {
            let client = population.client(index);
            for now in [epoch, epoch + 3_600, epoch + 400 * DAY + 17] {
                let (not_before, not_after) = client.validity(now);
                assert_eq!(not_after < now, client.trouble() == Some(EXPIRED), "client {index}");
                assert_eq!(not_before > now, client.trouble() == Some(NOT_YET_VALID), "client {index}");
            }
        }
    }

    #[test]
    fn few_are_busy_and_all_are_reached() {
        let population = Population::new(1, 1_000, 0, TROUBLED_PER_MILLE);
        let mut draw = Draw::new(1, 0);
        let mut seen = vec![0_u32; 1_000];
        for _ in 0..40_000 {
            seen[population.draw(&mut draw).index as usize] += 1;
        }
        assert!(seen.iter().all(|&count| count > 0));
        assert!(seen[0] > 20 * seen[900], "{} and {}", seen[0], seen[900]);
    }

    #[test]
    fn a_lone_client_is_drawn_too() {
        let population = Population::new(1, 1, 0, 0);
        assert_eq!(population.draw(&mut Draw::new(1, 0)).index, 0);
    }
}
