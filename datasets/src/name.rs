//! Where a log file lies and what it is called: AWS's folders, and the name that tells balancer, window and node.

use crate::calendar::{DAY, civil};
use crate::draw::hash;

/// Seconds that one file covers.
pub(crate) const WINDOW: i64 = 300;

/// A load balancer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Balancer {
    /// Its name; a dot and slash are not allowed in it.
    pub(crate) name: &'static str,
    /// Its id, 16 hex digits.
    pub(crate) id: &'static str,
}

impl Balancer {
    /// `app/name/id`, as field 14 has it.
    pub(crate) fn resource(&self) -> String {
        format!("app/{}/{}", self.name, self.id)
    }
}

/// Everything that the name of a log file is made of.
pub(crate) struct FileName<'a> {
    /// Twelve digits.
    pub(crate) account: &'a str,
    /// `us-east-1`, …
    pub(crate) region: &'a str,
    /// Whose log it is.
    pub(crate) balancer: Balancer,
    /// End of the five-minute window, seconds since 1970; its date is taken for the date of delivery.
    pub(crate) end: i64,
    /// The node.
    pub(crate) node: &'a str,
    /// What the eight random characters are made from.
    pub(crate) random: u64,
}

impl FileName<'_> {
    /// `AWSLogs/<account>/elasticloadbalancing/<region>/yyyy/mm/dd/`.
    pub(crate) fn folder(&self) -> String {
        let (year, month, day) = civil(self.end.div_euclid(DAY));
        format!("AWSLogs/{}/elasticloadbalancing/{}/{year:04}/{month:02}/{day:02}/", self.account, self.region)
    }

    /// The path of a connection log: folder, `conn_log_`, [`FileName::stem`], `.log.gz`.
    pub(crate) fn connection_log(&self) -> String {
        format!("{}conn_log_{}.log.gz", self.folder(), self.stem())
    }

    /// The part that all kinds of log have in common: account, service, region, balancer, end time, node and random characters.
    pub(crate) fn stem(&self) -> String {
        let (year, month, day) = civil(self.end.div_euclid(DAY));
        let minutes = self.end.rem_euclid(DAY) / 60;
        format!(
            "{}_elasticloadbalancing_{}_app.{}.{}_{year:04}{month:02}{day:02}T{:02}{:02}Z_{}_{}",
            self.account,
            self.region,
            self.balancer.name,
            self.balancer.id,
            minutes / 60,
            minutes % 60,
            self.node,
            random_characters(self.random),
        )
    }
}

/// Eight lower-case letters and digits.
fn random_characters(seed: u64) -> String {
    const ALPHABET: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let bits = hash(seed, 0, 0);
    (0..8).map(|place| char::from(ALPHABET[(bits >> (place * 8) & 0xff) as usize % ALPHABET.len()])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::seconds;

    #[test]
    fn a_name_follows_awss_pattern() {
        let name = FileName {
            account: "123456789012",
            region: "us-east-2",
            balancer: Balancer { name: "my-loadbalancer", id: "1234567890abcdef" },
            end: seconds(2022, 2, 15, 23, 40, 0),
            node: "172.160.001.192",
            random: 1,
        };
        let path = name.connection_log();
        let prefix = "AWSLogs/123456789012/elasticloadbalancing/us-east-2/2022/02/15/conn_log_123456789012_elasticloadbalancing_us-east-2_\
                      app.my-loadbalancer.1234567890abcdef_20220215T2340Z_172.160.001.192_";
        let rest = path.strip_prefix(prefix).unwrap();
        assert_eq!(rest.len(), "20sg8hgm.log.gz".len());
        assert!(rest.ends_with(".log.gz"));
    }
}
