//! File names: what they tell is what they say, and a path that is shown can be told from what is shown.

use std::ffi::OsStr;

use crate::discover::{LogName, NameVerdict, display_os, judge};

/// A name that parses is judged a log and says the same when it is put together again; any name is shown so that it can be read back.
pub fn names_tell_what_they_say(name: &[u8]) {
    if let Ok(text) = std::str::from_utf8(name) {
        assert_name(text);
    }
    #[cfg(unix)]
    assert_shown(std::os::unix::ffi::OsStrExt::from_bytes(name));
}

fn assert_name(text: &str) {
    let Some(name) = LogName::parse(text) else { return };
    assert_eq!(judge(OsStr::new(text)), NameVerdict::Log);
    // Account and region become folders, and all of it is shown.
    assert!(name.account.len() == 12 && name.account.bytes().all(|byte| byte.is_ascii_digit()));
    let parts = [&name.region, &name.load_balancer, &name.end_time, &name.node_ip];
    assert!(parts.iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_graphic() && !b"_/\\%".contains(&byte))));
    let LogName { account, region, load_balancer, end_time, node_ip } = &name;
    let again = format!("conn_log_{account}_elasticloadbalancing_{region}_{load_balancer}_{end_time}_{node_ip}_");
    let known = text.replacen("conn_log.", "conn_log_", 1);
    assert!(known.starts_with(&again), "{known} does not begin with {again}");
    assert_eq!(LogName::parse(&format!("{again}a")).as_ref(), Some(&name));
    assert_eq!(name.balancer().replace('/', "."), name.load_balancer, "only the slashes of the balancer's id became dots");
}

#[cfg(unix)]
fn assert_shown(name: &OsStr) {
    let shown = display_os(name);
    assert!(!shown.contains(char::is_control));
    assert_eq!(read_back(&shown), name.as_encoded_bytes());
}

/// The bytes that a path as it is shown stands for.
#[cfg(unix)]
fn read_back(shown: &str) -> Vec<u8> {
    let (mut bytes, mut rest) = (Vec::new(), shown);
    while let Some((before, escape)) = rest.split_once('\\') {
        bytes.extend_from_slice(before.as_bytes());
        rest = match escape.strip_prefix('\\') {
            Some(after) => {
                bytes.push(b'\\');
                after
            }
            None => {
                let digits = escape.strip_prefix('x').and_then(|digits| digits.get(..2)).expect("a backslash begins an escape");
                bytes.push(u8::from_str_radix(digits, 16).expect("an escape holds hex"));
                &escape[3..]
            }
        };
    }
    bytes.extend_from_slice(rest.as_bytes());
    bytes
}
