use super::*;

const ROOT: &str = "logs/AWSLogs/123456789012/elasticloadbalancing/eu-west-1";

fn picker(since: Option<i64>, until: Option<i64>) -> Picker {
    let pick = Pick { accounts: vec!["123456789012".into()], regions: vec!["eu-west-1".into()], load_balancers: vec!["edge".into()] };
    Picker { pick, since, until }
}

fn at(year: i64, month: i64, day: i64) -> Option<i64> {
    Some(days_since_1970(year, month, day) * DAY)
}

fn name(end: &str) -> LogName {
    let text = format!("conn_log_123456789012_elasticloadbalancing_eu-west-1_app.edge.50dc_{end}_10.0.0.1_abc.log.gz");
    LogName::parse(&text).expect("a log's name")
}

#[test]
fn folders_are_passed_over_by_what_they_stand_for() {
    let january = picker(at(2026, 1, 1), at(2026, 2, 1));
    for (folder, expected) in [
        ("logs", None),
        ("logs/AWSLogs", None),
        ("logs/AWSLogs/123456789012/", None),
        ("logs/AWSLogs/o-abc/123456789012/", None),
        ("logs/AWSLogs/210987654321/", Some(reason::OTHER_ACCOUNT)),
        ("logs/AWSLogs/123456789012/vpcflowlogs", Some(reason::OTHER_SERVICE)),
        ("logs/AWSLogs/123456789012/elasticloadbalancing/us-east-1", Some(reason::OTHER_REGION)),
        (&format!("{ROOT}/2024"), Some(reason::OTHER_TIME)),
        // It ends less than an hour before.
        (&format!("{ROOT}/2025"), None),
        (&format!("{ROOT}/2026"), None),
        (&format!("{ROOT}/2027"), Some(reason::OTHER_TIME)),
        (&format!("{ROOT}/2025/11"), Some(reason::OTHER_TIME)),
        (&format!("{ROOT}/2026/02"), None),
        (&format!("{ROOT}/2026/03"), Some(reason::OTHER_TIME)),
        (&format!("{ROOT}/2026/02/02"), None),
        (&format!("{ROOT}/2026/02/03"), Some(reason::OTHER_TIME)),
        (&format!("{ROOT}/2026/02/31x"), None),
        (&format!("{ROOT}/archive"), None),
    ] {
        assert_eq!(january.refuses_folder(folder), expected, "{folder}");
    }
    assert_eq!(Picker::default().refuses_folder(&format!("{ROOT}/2025")), None);
}

#[test]
fn files_are_passed_over_by_their_window() {
    let noon = Some(days_since_1970(2026, 1, 10) * DAY + 12 * HOUR);
    let hour = picker(noon, noon.map(|noon| noon + HOUR));
    for (end, expected) in [
        ("20260110T1059Z", Some(reason::OTHER_TIME)),
        ("20260110T1100Z", None),
        ("20260110T1205Z", None),
        ("20260110T1404Z", None),
        ("20260110T1405Z", Some(reason::OTHER_TIME)),
        ("20269910T1405Z", None),
    ] {
        assert_eq!(hour.refuses(&name(end)), expected, "{end}");
    }
}

#[test]
fn balancers_go_by_name_or_by_all_of_it() {
    let mut picker = picker(None, None);
    for (wanted, expected) in
        [("edge", None), ("app/edge/50dc", None), ("edg", Some(reason::OTHER_BALANCER)), ("50dc", Some(reason::OTHER_BALANCER))]
    {
        picker.pick.load_balancers = vec![wanted.into()];
        assert_eq!(picker.refuses(&name("20260110T1205Z")), expected, "{wanted}");
    }
}
