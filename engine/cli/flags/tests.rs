//! Every value parser with what it takes and refuses, and the defaults against the engine's.

use clap::{CommandFactory, Parser};
use tlslake_engine::config::{Compression, LakeConfig};
use tlslake_engine::scan::Kernel;

use super::{Command, ConvertFlags, Flags, parse};

fn convert(more: &[&str]) -> Result<ConvertFlags, clap::Error> {
    let words = ["tlslake", "convert", "logs", "--out", "lake"].iter().chain(more);
    match Flags::try_parse_from(words)?.command {
        Command::Convert(flags) => Ok(flags),
        other => panic!("not convert: {other:?}"),
    }
}

#[test]
fn the_declaration_holds_together() {
    Flags::command().debug_assert();
}

#[test]
fn defaults_are_the_engines() {
    let flags = convert(&[]).unwrap();
    let lake = LakeConfig::new("lake");
    assert_eq!(flags.lake.compression, lake.compression);
    assert_eq!(flags.lake.row_group_rows, lake.row_group_rows);
    assert_eq!(flags.lake.target_file_size, lake.target_file_size);
    assert_eq!((flags.read.limits.jobs, flags.read.kernel, flags.read.time.since, flags.read.time.until), (None, None, None, None));
}

#[test]
fn sizes_count_as_in_coreutils() {
    let cases = [
        ("1", 1),
        ("4096b", 4096),
        ("256MB", 256_000_000),
        ("256MiB", 256 << 20),
        ("256m", 256 << 20),
        ("1G", 1 << 30),
        ("2 GB", 2_000_000_000),
        ("3KiB", 3072),
        ("1T", 1 << 40),
    ];
    for (text, bytes) in cases {
        assert_eq!(parse::size(text), Ok(bytes), "{text}");
    }
}

#[test]
fn what_is_no_size_is_refused_with_the_way_to_write_it() {
    for text in ["", "0", "0MB", "MB", "-1", "1.5G", "1X", "1MBB", "99999999999999999999", "18446744073709551615K", "١M"] {
        assert!(parse::size(text).is_err_and(|message| message.contains("256MiB")), "{text}");
    }
}

#[test]
fn codecs() {
    assert_eq!(parse::compression("zstd"), Ok(Compression::Zstd(1)));
    assert_eq!(parse::compression("zstd:1"), Ok(Compression::Zstd(1)));
    assert_eq!(parse::compression("zstd:22"), Ok(Compression::Zstd(22)));
    assert_eq!(parse::compression("snappy"), Ok(Compression::Snappy));
    assert_eq!(parse::compression("lz4"), Ok(Compression::Lz4));
    assert_eq!(parse::compression("none"), Ok(Compression::None));
    for text in ["", "gzip", "zstd:", "zstd:0", "zstd:23", "zstd:x", "ZSTD:1", "none:1"] {
        assert!(parse::compression(text).is_err(), "{text}");
    }
}

/// 2026-01-01T00:00:00Z in microseconds.
const NEW_YEAR: i64 = 1_767_225_600_000_000;
const HOUR: i64 = 3_600_000_000;

#[test]
fn times_are_utc_unless_an_offset_says_otherwise() {
    let cases = [
        ("2026-01-01", NEW_YEAR),
        ("2026-01-01T10:00", NEW_YEAR + 10 * HOUR),
        ("2026-01-01T10:00:00", NEW_YEAR + 10 * HOUR),
        ("2026-01-01T10:00:00Z", NEW_YEAR + 10 * HOUR),
        ("2026-01-01T10:00:00.000001Z", NEW_YEAR + 10 * HOUR + 1),
        ("2026-01-01T12:00:00+02:00", NEW_YEAR + 10 * HOUR),
        ("2026-01-01T04:30:00-05:30", NEW_YEAR + 10 * HOUR),
        ("1969-12-31T23:59:59Z", -1_000_000),
    ];
    for (text, expected) in cases {
        assert_eq!(parse::instant(text), Ok(expected), "{text}");
    }
}

#[test]
fn finer_than_a_microsecond_rounds_up() {
    assert_eq!(parse::instant("2026-01-01T00:00:00.0000001Z"), Ok(NEW_YEAR + 1));
    assert_eq!(parse::instant("1969-12-31T23:59:59.9999999Z"), Ok(0));
}

#[test]
fn what_is_no_time_is_refused() {
    for text in ["", "now", "2026-13-01", "2026-02-30", "10:00", "2026-01-01T10:00[Europe/Berlin]", "2026-01-01T25:00", "1767225600"] {
        assert!(parse::instant(text).is_err_and(|message| message.contains("2026-01-01T10:00")), "{text}");
    }
}

#[test]
fn jobs_and_rows_start_at_one() {
    for refused in ["0", "-1", "x", ""] {
        assert!(parse::jobs(refused).is_err(), "{refused}");
        assert!(parse::row_group_rows(refused).is_err(), "{refused}");
    }
    assert_eq!(parse::jobs("3"), Ok(3));
}

#[test]
fn an_unknown_kernel_is_answered_with_the_ones_there_are() {
    assert_eq!(parse::kernel("scalar"), Ok(Kernel::Scalar));
    assert!(parse::kernel("sse9").is_err_and(|message| message.contains("scalar")));
    for kernel in Kernel::ALL.into_iter().filter(|kernel| !kernel.is_available()) {
        assert!(parse::kernel(kernel.name()).is_err_and(|message| message.starts_with("this machine cannot run it")));
    }
}

#[test]
fn times_ahead() {
    assert_eq!(parse::time_ahead("30d"), Ok(2_592_000));
    assert_eq!(parse::time_ahead("12h"), Ok(43_200));
    assert_eq!(parse::time_ahead("4w"), Ok(2_419_200));
    for text in ["", "30", "0d", "d", "-1d", "1.5d", "30 d", "30D", "9999999999999999999w", "30d1h"] {
        assert!(parse::time_ahead(text).is_err_and(|message| message.contains("30d")), "{text}");
    }
}

#[test]
fn a_benchmark_s_defaults_are_the_engine_s() {
    use tlslake_engine::run::BenchConfig;

    let flags = Flags::try_parse_from(["tlslake", "bench", "logs"]).unwrap();
    let Command::Bench(flags) = flags.command else { panic!("not bench") };
    assert_eq!((flags.measure.sample, flags.measure.rounds), (BenchConfig::DEFAULT_SAMPLE_BYTES, BenchConfig::DEFAULT_ROUNDS));
    assert_eq!((flags.project.project_tb, flags.project.price_per_hour), (1.0, None));
    for refused in [["--rounds", "0"], ["--rounds", "101"], ["--sample", "0"], ["--project-tb", "0"], ["--price-per-hour", "-1"]] {
        assert!(Flags::try_parse_from(["tlslake", "bench", "logs"].iter().chain(&refused)).is_err(), "{refused:?}");
    }
}

#[test]
fn numbers_above_zero() {
    assert_eq!(parse::above_zero("40"), Ok(40.0));
    assert_eq!(parse::above_zero("0.5"), Ok(0.5));
    for text in ["", "0", "-1", "nan", "inf", "1e300", "ten", "1TB"] {
        assert!(parse::above_zero(text).is_err_and(|message| message.contains("above 0")), "{text}");
    }
}

#[test]
fn percents() {
    assert_eq!(parse::percent("0"), Ok(0.0));
    assert_eq!(parse::percent("1.5%"), Ok(1.5));
    for text in ["-0.1", "100.1", "nan", "inf", "x"] {
        assert!(parse::percent(text).is_err(), "{text}");
    }
}

#[test]
fn standard_input_is_an_input() {
    let flags = Flags::try_parse_from(["tlslake", "report", "-", "a.gz"]).unwrap();
    assert!(matches!(flags.command, Command::Report(report) if report.read.inputs == ["-", "a.gz"]));
}

#[test]
fn no_input_is_a_usage_error() {
    let error = Flags::try_parse_from(["tlslake", "report"]).unwrap_err();
    assert!(error.use_stderr());
    assert!(error.to_string().contains("INPUT"));
}

#[test]
fn every_command_shows_examples_and_exit_codes() {
    for command in Flags::command().get_subcommands_mut() {
        let help = command.render_long_help().to_string();
        assert!(help.contains("Examples:") && help.contains("Exit codes:"), "{}", command.get_name());
    }
}

/// Every command of the catalogue that is tlslake's own can be typed as it stands. (That it names no other command is the engine's own test.)
#[test]
fn the_catalogue_mentions_no_flag_that_is_not_there() {
    use tlslake_engine::reasons::{self, Cause};

    let of_checks = reasons::all().iter().flat_map(|reason| reason.checks).map(|check| check.commands.linux);
    let of_reasons = reasons::all().iter().flat_map(|reason| reason.fixes);
    let of_causes = Cause::ALL.into_iter().flat_map(|cause| cause.advice().fix.iter().chain(cause.advice().passthrough_steps()));
    let of_fixes = of_reasons.chain(of_causes).filter_map(|step| step.command);
    let lines = of_checks.chain(of_fixes).flat_map(str::lines).filter(|line| line.starts_with("tlslake "));
    let is_command = |line: &str| line.split(' ').nth(1).is_some_and(|name| Flags::command().find_subcommand(name).is_some());
    let mut tried = 0;
    for line in lines.filter(|line| is_command(line)).map(reasons::example) {
        let known = line.replace("SERIAL", "02").replace("REASON", "ClientCertExpired");
        if let Err(error) = Flags::try_parse_from(known.split_whitespace()) {
            panic!("{known}\n{error}");
        }
        tried += 1;
    }
    assert!(tried > 30);
}
