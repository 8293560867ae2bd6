//! Addresses by their packed form against the reader of all addresses.

use proptest::prelude::*;

use crate::columns::clients::{ADDRESS_AT, key_at};
use crate::fields::is_ip_address;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 50 } else { 4000 }))]

    #[test]
    fn packed_addresses_are_those_that_are_read(text in "([0-9]{1,3}\\.){3}[0-9]{1,3}|[0-9.]{1,15}|(25[0-9]\\.|0[0-9]?\\.){3}[0-9]{1,3}") {
        let line = format!("{:ADDRESS_AT$}{text} {:16}", "", "");
        if let Some((key, length)) = key_at(line.as_bytes(), ADDRESS_AT) {
            prop_assert_eq!(length, text.len());
            prop_assert_eq!(key.is_ipv4(), is_ip_address(text.as_bytes()), "{}", text);
        }
    }
}
