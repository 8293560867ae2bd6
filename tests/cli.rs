//! The command line as scripts see it: exit codes, what goes to which stream, what is left behind.

use std::path::Path;
use std::process::Stdio;

use crate::support::expected::{Expected, files_under};
use crate::support::lake::{assert_holds, table, tree};
use crate::support::{at, available_kernels, convert, count, folder, logs, report, run, run_with_stdin, tlslake};

fn clean_logs(folder: &Path) -> Expected {
    logs::write(folder, &logs::name(1), &logs::gzip(&logs::lines(200)));
    logs::write(folder, &format!("deeper/{}", logs::name(2)), &logs::zstd(&logs::lines(300)));
    Expected::of_folder(folder)
}

fn soiled_logs(folder: &Path) -> Expected {
    let text = [&logs::lines(200)[..], b"not a log line\n", &logs::lines(10)].concat();
    logs::write(folder, &logs::name(1), &logs::gzip(&text));
    Expected::of_folder(folder)
}

#[test]
fn a_command_line_that_cannot_be_used_exits_with_2() {
    let lines: &[&[&str]] = &[
        &[],
        &["frobnicate"],
        &["convert"],
        &["convert", "--out", "lake"],
        &["convert", "logs"],
        &["report"],
        &["report", "logs", "--out", "lake"],
        &["report", "logs", "--jobs", "-1"],
        &["report", "logs", "--jobs", "many"],
        &["report", "logs", "--kernel", "abacus"],
        &["report", "logs", "--format", "xml"],
        &["report", "logs", "--progress", "sometimes"],
        &["report", "logs", "--since", "yesterday"],
        &["report", "logs", "--until", "2024-13-01"],
        &["report", "logs", "--on-corrupt", "pray"],
        &["convert", "logs", "--out", "lake", "--compression", "zstd:99"],
        &["convert", "logs", "--out", "lake", "--compression", "brotli"],
        &["convert", "logs", "--out", "lake", "--partition", "year"],
        &["convert", "logs", "--out", "lake", "--row-group-rows", "0"],
        &["convert", "logs", "--out", "lake", "--target-file-size", "big"],
        &["generate", "--files", "1", "--lines", "1"],
        &["generate", "--out", "logs", "--files", "1", "--lines", "1", "--faults", "101"],
    ];
    for line in lines {
        let run = run(*line).exits(2);
        assert!(!run.stderr.is_empty(), "{line:?} is answered on stderr");
        assert!(run.stdout.is_empty(), "{line:?}: stdout is for data");
    }
}

#[test]
fn a_kernel_that_the_machine_lacks_is_a_clear_error() {
    let input = folder();
    clean_logs(input.path());
    for kernel in ["avx512", "avx2", "neon", "scalar"] {
        let run = report(input.path(), &["--kernel", kernel]);
        if available_kernels().contains(&kernel) {
            assert_eq!(at(&run.exits(0).json(), "kernel"), kernel);
        } else {
            run.exits(2).complains_of(kernel).complains_of("scalar");
        }
    }
}

/// `--help` tells these apart from usage errors: the same line is right once the files are there.
#[test]
fn inputs_that_hold_no_log_are_a_clear_error() {
    let input = folder();
    let root = input.path();
    logs::write(root, "empty/readme.md", b"no logs here");
    logs::write(root, "siblings/health_check_log_x.log.gz", &logs::gzip(b"x\n"));
    let cases = [("missing", "missing"), ("missing/**/*.gz", "missing"), ("empty", "log"), ("siblings", "health")];
    for (name, said) in cases {
        let path = root.join(name);
        report(&path, &[]).exits(1).complains_of(said);
        let lake = root.join("lake");
        convert(&path, &lake, &[]).exits(1).complains_of(said);
        assert!(!lake.join("_SUCCESS").exists());
    }
    // One input that is missing stops a run that also has good ones: a typing error must not look like a small result.
    clean_logs(&root.join("good"));
    run(["report", root.join("good").to_str().unwrap(), root.join("typo").to_str().unwrap()]).exits(1).complains_of("typo");
}

#[test]
fn help_and_version_are_answered_on_stdout() {
    for line in [&["--help"][..], &["convert", "--help"], &["report", "--help"], &["generate", "--help"], &["kernels", "--help"]] {
        let run = run(line).exits(0);
        assert!(run.stdout.contains("xamples"), "{line:?} shows examples");
        assert!(run.stderr.is_empty());
    }
    assert!(run(["--version"]).exits(0).stdout.contains(env!("CARGO_PKG_VERSION")));
}

#[test]
fn kernels_are_listed() {
    let text = run(["kernels"]).exits(0).stdout;
    for kernel in ["avx512", "avx2", "neon", "scalar"] {
        assert!(text.contains(kernel), "{kernel} is listed:\n{text}");
    }
}

#[test]
fn rejected_lines_make_it_3_and_nothing_else() {
    let (input, out) = (folder(), folder());
    let expected = soiled_logs(input.path());
    let lake = out.path().join("lake");
    convert(input.path(), &lake, &[]).exits(3);
    assert!(lake.join("_SUCCESS").is_file());
    assert_holds(&lake, &expected);
    report(input.path(), &[]).exits(3);
}

#[test]
fn strict_commits_nothing_of_a_soiled_job_and_all_of_a_clean_one() {
    let (soiled, clean, out) = (folder(), folder(), folder());
    soiled_logs(soiled.path());
    let lake = out.path().join("soiled");
    let report = convert(soiled.path(), &lake, &["--strict"]).exits(3).json();
    assert_eq!(at(&report, "output.committed"), false);
    assert!(!lake.join("_SUCCESS").exists());
    let left = if lake.exists() { files_under(&lake) } else { Vec::new() };
    let left: Vec<_> = left.iter().filter(|path| path.extension().is_some_and(|extension| extension == "parquet")).collect();
    assert!(left.is_empty(), "{left:?}");
    let expected = clean_logs(clean.path());
    let lake = out.path().join("clean");
    convert(clean.path(), &lake, &["--strict"]).exits(0);
    assert!(lake.join("_SUCCESS").is_file());
    assert_holds(&lake, &expected);
}

#[test]
fn any_mix_of_inputs_is_taken_and_no_file_twice() {
    let input = folder();
    let root = input.path();
    let expected = clean_logs(root);
    let file = root.join(logs::name(1));
    let glob = root.join("**/*.gz");
    let text = logs::lines(7);
    let arguments = ["report", "--format", "json", file.to_str().unwrap(), root.to_str().unwrap(), glob.to_str().unwrap(), "-"];
    let report = run_with_stdin(arguments, &text).exits(0).json();
    assert_eq!(count(&report, "input.files"), 3);
    assert_eq!(count(&report, "rows"), expected.line_count() + 7);
    assert!(at(&report, "skipped").as_object().unwrap().values().any(|number| number.as_u64() > Some(0)), "given twice, said so");
}

#[test]
fn a_glob_means_what_it_says() {
    let input = folder();
    let root = input.path();
    for (number, name) in ["a/conn_log_x.gz", "a/b/conn_log_y.gz", "c/other.log", "c/conn_log_z.log"].into_iter().enumerate() {
        logs::write(root, name, &logs::lines(1 << number));
    }
    for (pattern, lines) in [("**/*.gz", 3), ("*/conn_log_*", 1 + 8), ("c/*.log", 4 + 8), ("a/**", 3)] {
        let report = report(&root.join(pattern), &[]).exits(0).json();
        assert_eq!(count(&report, "input.lines"), lines, "{pattern}");
    }
}

#[test]
fn siblings_in_the_bucket_are_passed_over_with_a_count() {
    let input = folder();
    let root = input.path();
    let expected = clean_logs(root);
    let siblings = [
        "health_check_log_123456789012_elasticloadbalancing_eu-west-1_app.lb.0123456789abcdef_20260923T0715Z_198.51.100.7_1a2b3c4d.log.gz",
        "123456789012_elasticloadbalancing_eu-west-1_app.lb.0123456789abcdef_20260923T0715Z_198.51.100.7_1a2b3c4d.log.gz",
        "ELBAccessLogTestFile",
        "ELBConnectionLogTestFile",
    ];
    for sibling in siblings {
        logs::write(root, &format!("siblings/{sibling}"), &logs::gzip(b"not a connection log\n"));
    }
    let report = report(root, &[]).exits(0).json();
    assert_eq!(count(&report, "rows"), expected.line_count());
    let skipped: u64 = at(&report, "skipped").as_object().unwrap().values().map(|number| number.as_u64().unwrap()).sum();
    assert_eq!(skipped, 4);
    let named: Vec<&str> =
        at(&report, "skipped_files").as_array().unwrap().iter().map(|file| at(file, "object").as_str().unwrap()).collect();
    for sibling in siblings {
        assert!(named.iter().any(|name| name.ends_with(sibling)), "{sibling} is named");
    }
}

#[test]
fn json_on_stdout_is_pure_and_stderr_is_quiet_away_from_a_terminal() {
    let (input, out) = (folder(), folder());
    clean_logs(input.path());
    for run in [report(input.path(), &[]), convert(input.path(), &out.path().join("lake"), &[])] {
        assert_eq!(run.json()["schema"], "tlslake.report/1");
        assert!(run.stderr.is_empty(), "a clean run has nothing to say: {}", run.stderr);
    }
    let never = report(input.path(), &["--progress", "never"]).exits(0);
    assert!(never.stderr.is_empty());
    let always = report(input.path(), &["--progress", "always"]).exits(0);
    always.json();
    assert!(!always.stderr.is_empty(), "asked for, progress is shown");
}

#[test]
fn a_closed_pipe_is_no_error() {
    let input = folder();
    clean_logs(input.path());
    for format in ["text", "json"] {
        let mut command = tlslake();
        command.args(["report", input.path().to_str().unwrap(), "--format", format]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take()); // like `| head -0`: nobody reads
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{stderr}");
        assert!(!stderr.contains("panicked") && !stderr.to_lowercase().contains("broken pipe"), "{stderr}");
    }
}

#[test]
fn an_output_that_is_a_file_is_refused_and_left_alone() {
    let (input, out) = (folder(), folder());
    clean_logs(input.path());
    let path = logs::write(out.path(), "notes.txt", b"precious");
    let run = convert(input.path(), &path, &[]);
    assert!(run.code == 1 || run.code == 2, "{run:?}");
    assert!(run.stderr.contains("notes.txt"));
    assert_eq!(std::fs::read(&path).unwrap(), b"precious");
}

/// Whether a second run into the same folder is refused or finds its work done: no row may be there twice, and none may be lost.
#[test]
fn converting_twice_never_doubles_a_row() {
    let (input, out) = (folder(), folder());
    let expected = clean_logs(input.path());
    let lake = out.path().join("lake");
    convert(input.path(), &lake, &[]).exits(0);
    let before = tree(&lake);
    let again = convert(input.path(), &lake, &[]);
    assert_holds(&lake, &expected);
    assert!(lake.join("_SUCCESS").is_file());
    if again.code != 0 {
        assert!(again.stderr.contains("--out"), "a refusal says what to do: {}", again.stderr);
        crate::support::lake::assert_same_tree(&before, &tree(&lake), "a refused run changes nothing");
    }
}

#[test]
fn a_foreign_folder_keeps_its_files() {
    let (input, out) = (folder(), folder());
    clean_logs(input.path());
    logs::write(out.path(), "connections/precious.parquet", b"not ours");
    let run = convert(input.path(), out.path(), &[]);
    assert_eq!(std::fs::read(out.path().join("connections/precious.parquet")).unwrap(), b"not ours");
    assert_ne!(run.code, 0, "a table with somebody else's file in it is no table of ours");
    assert!(!out.path().join("_SUCCESS").exists());
}

#[test]
fn a_failed_run_leaves_no_success_behind() {
    let (input, out) = (folder(), folder());
    let lake = out.path().join("lake");
    clean_logs(input.path());
    logs::write(input.path(), "bad.gz", &logs::gzip(&logs::lines(100))[..200]);
    convert(input.path(), &lake, &["--on-corrupt", "fail"]).exits(1);
    assert!(!lake.join("_SUCCESS").exists());
    assert!(table(&lake, "connections").is_empty());
    // The folder is not spoilt by that: the next run goes through.
    std::fs::remove_file(input.path().join("bad.gz")).unwrap();
    convert(input.path(), &lake, &[]).exits(0);
    assert_holds(&lake, &Expected::of_folder(input.path()));
}

#[test]
fn generate_gives_the_same_bytes_for_the_same_seed() {
    let out = folder();
    let trees = [("a", 1), ("b", 1), ("c", 2)].map(|(name, seed)| tree(&logs::generate(&out.path().join(name), 3, 200, 5, seed)));
    assert!(trees[0] == trees[1], "one seed, one content");
    assert!(trees[0].values().ne(trees[2].values()), "another seed, another content");
    let lines = trees[0].values().map(|stored| logs::decompress(stored).iter().filter(|byte| **byte == b'\n').count());
    assert_eq!(lines.collect::<Vec<_>>(), [200, 200, 200]);
}
