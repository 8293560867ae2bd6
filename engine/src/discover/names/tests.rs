use proptest::prelude::*;

use super::*;

const NAME: &str = "conn_log_123456789012_elasticloadbalancing_us-east-2_app.my-loadbalancer.1234567890abcdef_20220215T2340Z_172.160.001.192_20sg8hgm.log.gz";

#[test]
fn reads_the_name_of_the_documentation() {
    let expected = LogName {
        account: "123456789012".into(),
        region: "us-east-2".into(),
        load_balancer: "app.my-loadbalancer.1234567890abcdef".into(),
        end_time: "20220215T2340Z".into(),
        node_ip: "172.160.001.192".into(),
    };
    assert_eq!(LogName::parse(NAME).as_ref(), Some(&expected));
    assert_eq!(LogName::parse(&NAME.replacen("conn_log_", "conn_log.", 1)).as_ref(), Some(&expected));
    for suffix in [".log", ".gz", ".log.zst", "", "_merged.log.gz", ".LOG.GZ"] {
        assert_eq!(LogName::parse(&NAME.replace(".log.gz", suffix)).as_ref(), Some(&expected), "{suffix}");
    }
}

#[test]
fn names_that_only_resemble_it_tell_nothing() {
    let changes = [
        ("conn_log_", "conn_logs_"),
        ("conn_log_", ""),
        ("conn_log_", "health_check_log_"),
        ("123456789012", "12345678901"),
        ("123456789012", "1234567890123"),
        ("123456789012", "12345678901x"),
        ("123456789012", "１２３４"),
        ("elasticloadbalancing", "elasticmapreduce"),
        ("us-east-2", ""),
        ("us-east-2", "../../etc"),
        ("us-east-2", "US-east-2"),
        ("us-east-2", "a=b"),
        ("app.", "net."),
        ("app.my-loadbalancer.1234567890abcdef", "app.my-loadbalancer"),
        ("app.my-loadbalancer.1234567890abcdef", "app.my/x.1"),
        ("20220215T2340Z", "20220215T2340"),
        ("20220215T2340Z", "20220215 2340Z"),
        ("172.160.001.192", ""),
        ("172.160.001.192", "localhost"),
        ("_20sg8hgm", ""),
        ("20sg8hgm.log.gz", ""),
    ];
    for (from, to) in changes {
        let name = NAME.replacen(from, to, 1);
        assert_ne!(name, NAME);
        assert_eq!(LogName::parse(&name), None, "{name}");
    }
}

#[test]
fn the_path_gives_the_name_of_its_last_component_alone() {
    assert!(LogName::of_path(&Path::new("a/b").join(NAME)).is_some());
    assert!(LogName::of_path(&Path::new(NAME).join("x.gz")).is_none());
    assert!(LogName::of_path(Path::new("/")).is_none());
}

#[test]
fn judges_logs_siblings_markers_and_the_rest() {
    let other = NameVerdict::Other;
    let cases = [
        (NAME, NameVerdict::Log),
        ("conn_log_renamed.bin", NameVerdict::Log),
        ("conn_log.whatever", NameVerdict::Log),
        ("merged.log", NameVerdict::Log),
        ("MERGED.LOG.GZ", NameVerdict::Log),
        ("a.gzip", NameVerdict::Log),
        ("a.zst", NameVerdict::Log),
        ("a.ZSTD", NameVerdict::Log),
        ("a.txt", NameVerdict::Log),
        ("health_check_log_123456789012_elasticloadbalancing_x.log.gz", other(reason::HEALTH_CHECK_LOG)),
        ("123456789012_elasticloadbalancing_us-east-2_app.x.1_20220215T2340Z_10.0.0.1_x.log.gz", other(reason::ACCESS_LOG)),
        ("ELBAccessLogTestFile", other(reason::TEST_FILE)),
        ("ELBConnectionLogTestFile", other(reason::TEST_FILE)),
        (".hidden.log.gz", other(reason::HIDDEN)),
        ("_SUCCESS", other(reason::HIDDEN)),
        ("_part.gz", other(reason::HIDDEN)),
        ("12345678901_elasticloadbalancing_x.csv", NameVerdict::Unknown),
        ("README.md", NameVerdict::Unknown),
        ("log", NameVerdict::Unknown),
        ("gz", NameVerdict::Unknown),
        ("part.parquet", NameVerdict::Unknown),
        ("", NameVerdict::Unknown),
    ];
    for (name, verdict) in cases {
        assert_eq!(judge(OsStr::new(name)), verdict, "{name}");
    }
}

#[test]
fn compressed_names_are_told_by_their_ending() {
    for name in ["a.gz", "a.GZIP", "a.log.zst", "b.zstd"] {
        assert!(looks_compressed(name.as_bytes()), "{name}");
    }
    for name in ["a.log", "gz", "a.gz.txt", ""] {
        assert!(!looks_compressed(name.as_bytes()), "{name}");
    }
}

#[test]
fn display_escapes_what_is_not_plain_text() {
    assert_eq!(display(Path::new("logs/größe ☃.gz")), "logs/größe ☃.gz");
    assert_eq!(display(Path::new("a\nb\u{1b}[31m\u{9b}")), "a\\x0ab\\x1b[31m\\xc2\\x9b");
    assert_eq!(display(Path::new("a\u{202e}b")), "a\u{202e}b", "printable text stays");
}

#[cfg(unix)]
mod unix {
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    /// Reads a displayed name back.
    fn bytes_of(shown: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut rest = shown.as_bytes();
        while let Some((&first, tail)) = rest.split_first() {
            rest = tail;
            match (first, tail.first()) {
                (b'\\', Some(b'\\')) => {
                    bytes.push(b'\\');
                    rest = &tail[1..];
                }
                (b'\\', Some(b'x')) => {
                    bytes.push(u8::from_str_radix(std::str::from_utf8(&tail[1..3]).unwrap(), 16).unwrap());
                    rest = &tail[3..];
                }
                (b'\\', _) => panic!("a lone backslash in {shown}"),
                _ => bytes.push(first),
            }
        }
        bytes
    }

    #[test]
    fn display_tells_a_byte_from_its_escape() {
        assert_eq!(display(Path::new(OsStr::from_bytes(b"a\xff.gz"))), "a\\xff.gz");
        assert_eq!(display(Path::new("a\\xff.gz")), "a\\\\xff.gz");
    }

    proptest! {
        #[test]
        fn display_loses_nothing(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let shown = display(Path::new(OsStr::from_bytes(&bytes)));
            prop_assert_eq!(bytes_of(&shown), bytes);
            prop_assert!(!shown.contains(char::is_control));
        }
    }
}

proptest! {
    #[test]
    fn generated_names_are_read_back(
        separator in "[_.]",
        account in "[0-9]{12}",
        region in "[a-z]{2}(-[a-z]{3,6}){1,3}-[0-9]{1,2}",
        load_balancer in r"app\.[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?\.[0-9a-f]{16}",
        end_time in "20[0-9]{2}(0[1-9]|1[0-2])[0-2][0-9]T[0-2][0-9][0-5][05]Z",
        node_ip in r"([0-9]{1,3}(\.[0-9]{1,3}){3}|[0-9a-f]{1,4}(:[0-9a-f]{0,4}){2,7})",
        random in "[A-Za-z0-9]{1,10}",
        suffix in r"(|\.log|\.gz|\.log\.gz|\.log\.zst|\.zst)",
    ) {
        let name = format!("conn_log{separator}{account}_elasticloadbalancing_{region}_{load_balancer}_{end_time}_{node_ip}_{random}{suffix}");
        prop_assert_eq!(LogName::parse(&name), Some(LogName { account, region, load_balancer, end_time, node_ip }));
        prop_assert_eq!(judge(OsStr::new(&name)), NameVerdict::Log);
    }

    #[test]
    fn any_name_is_judged(name in any::<String>(), at in any::<prop::sample::Index>()) {
        let _ = (LogName::parse(&name), judge(OsStr::new(&name)));
        let mut mangled: Vec<char> = NAME.chars().collect();
        let at = at.index(mangled.len());
        mangled.splice(at..=at, name.chars());
        let mangled: String = mangled.into_iter().collect();
        if let Some(parsed) = LogName::parse(&mangled) {
            prop_assert!(parsed.account.len() == 12 && parsed.account.bytes().all(|byte| byte.is_ascii_digit()));
            prop_assert!(parsed.region.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-')));
        }
        let _ = judge(OsStr::new(&mangled));
    }
}
