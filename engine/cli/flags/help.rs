//! What `--help` says after the flags: examples to copy, and the exit codes.

macro_rules! exit_codes_of_a_run {
    () => {
        "\
Exit codes:
  0  clean
  1  the run failed (an input that does not exist, no log found, a full disk, …)
  2  the command line cannot be used
  3  done, but lines were rejected or files failed (with --strict nothing is committed then)
A reader that closes the pipe early (`| head`) changes none of these."
    };
}

macro_rules! exit_codes_of_an_answer {
    () => {
        "\
Exit codes:
  0  clean, whatever was found
  1  the run failed (an input that does not exist, no log found, a lake that is not whole, …)
  2  the command line cannot be used
  3  answered, but lines were rejected or files failed
A reader that closes the pipe early (`| head`) changes none of these."
    };
}

macro_rules! plain_exit_codes {
    () => {
        "\
Exit codes:
  0  done
  1  the run failed
  2  the command line cannot be used"
    };
}

pub(super) const TOP: &str = concat!(
    "\
Examples:
  tlslake convert logs/ --out lake
  tlslake verify lake logs/
  tlslake report 'logs/**/conn_log_*.gz' --since 2026-01-01T10:00
  tlslake diagnose logs/
  tlslake failures logs/ --client-ip 203.0.113.7
  tlslake certs logs/ --expiring 30d
  tlslake generate --out sample --files 4 --lines 10000

`tlslake <COMMAND> --help` has the flags and more examples.

",
    exit_codes_of_a_run!()
);

pub(super) const LIST: &str = "\
Examples:
  What a bucket holds
    tlslake list s3://logs/AWSLogs/
  One balancer's logs of a day; only prefixes that can hold them are listed
    tlslake list s3://logs/AWSLogs/ --load-balancer edge --since 2026-01-10 --until 2026-01-11
  A server of one's own
    tlslake list s3://logs/ --endpoint-url http://127.0.0.1:9000

Credentials come from the environment (AWS_ACCESS_KEY_ID, AWS_WEB_IDENTITY_TOKEN_FILE, GOOGLE_APPLICATION_CREDENTIALS, AZURE_STORAGE_ACCOUNT_KEY, …),
from an AWS profile (--profile, AWS_PROFILE: keys, SSO, a role, a process), or from the instance's role.

Exit codes:
  0  everything could be looked at
  1  the run failed (an input that does not exist, no log found, access denied, …)
  2  the command line cannot be used
  3  listed, but there are places that could not be looked at";

pub(super) const DDL: &str = concat!(
    "\
Examples:
  A lake on this machine, in DuckDB
    tlslake ddl lake --for duckdb | duckdb alb.duckdb
  A lake that was copied to S3, in Athena
    tlslake ddl lake --for athena --location s3://lake/alb --database logs
  Trino's Hive connector
    tlslake ddl lake --for trino --location s3://lake/alb --database hive.logs

",
    plain_exit_codes!()
);

pub(super) const ICEBERG: &str = concat!(
    "\
Examples:
  A table in a catalog that is one file, for PyIceberg and others
    tlslake iceberg lake --warehouse warehouse --table logs.connections
  The same after every `tlslake convert`: one snapshot with what is new, or none
    tlslake iceberg lake --warehouse warehouse --table logs.connections
  A REST catalog (Polaris, Lakekeeper, Unity, Nessie, …)
    ICEBERG_TOKEN=… tlslake iceberg lake --catalog rest:https://catalog.example.com/api --warehouse prod --table logs.connections
  What would be appended
    tlslake iceberg lake --warehouse warehouse --table logs.connections --dry-run

A table remembers the work units that it was given: they are not appended again, whatever engines make of their files later. The lake's files
must stay where they are. The released binary has this command; another build has it with feature `iceberg`.

",
    plain_exit_codes!()
);

pub(super) const CONVERT: &str = concat!(
    "\
Examples:
  Every connection log below a folder, with all cores
    tlslake convert logs/ --out lake
  The same again, tomorrow or after a power cut: only what the lake does not hold yet
    tlslake convert logs/ --out lake
  One month
    tlslake convert 'logs/**/*.gz' --out lake --since 2026-01-01 --until 2026-02-01
  Four threads, smaller Parquet files
    tlslake convert logs/ --out lake --jobs 4 --compression zstd:9
  From a pipe, without partition folders
    aws s3 cp s3://bucket/conn_log.gz - | tlslake convert - --out lake --partition none
  All or nothing, for a script
    tlslake convert logs/ --out lake --strict --format json > report.json
  Prove it before the logs are deleted
    tlslake verify lake logs/

The report is of the lake as a whole. Ctrl-C keeps what is finished; the same command goes on from there.

",
    exit_codes_of_a_run!(),
    "\n130 (Ctrl-C) and 143 (SIGTERM): stopped; what was finished is kept."
);

pub(super) const VERIFY: &str = "\
Examples:
  The lake against its own manifest: every file as written, every line accounted for
    tlslake verify lake
  The lake against the logs: every input read again, its lines counted, its text compared by checksum
    tlslake verify lake logs/
  Delete the logs only if everything holds
    tlslake verify lake logs/ && rm -r logs/

Exit codes:
  0  everything holds
  1  there is no lake, a run is writing it, or an input does not exist
  2  the command line cannot be used
  3  something differs; every difference is named";

pub(super) const COMPACT: &str = "\
Examples:
  After a month of small runs
    tlslake compact lake
  What that would come to
    tlslake compact lake --dry-run
  In order of time as well, for engines that look for a narrow span of it
    tlslake compact lake --sort
  Proof that it holds the same rows
    tlslake verify lake logs/

Inputs that were converted stay converted: `tlslake convert` goes on from there. It takes the room of the merged files once more, a group at a time.
Ctrl-C keeps what is finished; the same command goes on from there.

Exit codes:
  0  done, or nothing to do
  1  there is no lake, a run is writing it or was cut off in it, a file of it is damaged, …
  2  the command line cannot be used
130 (Ctrl-C) and 143 (SIGTERM): stopped; what was finished is kept.";

pub(super) const REPORT: &str = concat!(
    "\
Examples:
  Who cannot connect, and why
    tlslake report logs/
  Since ten o'clock UTC, one load balancer
    tlslake report 'logs/**/*app.my-balancer.*' --since 2026-01-01T10:00
  The reasons alone, for a script
    tlslake report logs/ --format json | jq .failures

",
    exit_codes_of_a_run!()
);

pub(super) const FAILURES: &str = "\
Examples:
  One client's failed connections, over everything at once
    tlslake failures logs/ --client-ip 203.0.113.7
  A network, one reason, since ten o'clock UTC
    tlslake failures logs/ --client-ip 203.0.113.0/24 --reason ClientCertExpired --since 2026-01-01T10:00
  Every connection of a certificate, the ones that succeeded too
    tlslake failures logs/ --serial FEF257372D5C14D4 --all
  The lines themselves, as logged
    tlslake failures logs/ --subject 'O=Company LLC' --format raw
  Which clients, for a script
    tlslake failures lake --columns client_ip --format csv | sort | uniq -c | sort -rn

Rows come in input order; those of a lake in the order of its files: account, region, day. That no row matches is no error.

Exit codes:
  0  clean, whatever was found
  1  the run failed (an input that does not exist, no log found, a lake that is not whole, …)
  2  the command line cannot be used
  3  answered, but lines were rejected or files failed. Lines that hold nothing of what is
     looked for are not parsed, so not checked; `tlslake report` checks every line
A reader that closes the pipe early (`| head`) changes none of these.";

pub(super) const DIAGNOSE: &str = concat!(
    "\
Examples:
  Who cannot connect, why, and what to do
    tlslake diagnose logs/
  The hour of the page, as a ticket
    tlslake diagnose logs/ --since 2026-01-01T10:00 --until 2026-01-01T11:00 --format markdown
  Proof, with the files that decide it
    tlslake diagnose logs/ --ca-bundle ca-bundle.pem --crl crls/*.pem --client-cert client.pem
  What AWS Support asks for
    tlslake diagnose logs/ --client-cert client.pem --support-pack pack
  The causes alone, for a script
    tlslake diagnose logs/ --top all --format json | jq -r '.findings[] | [.reason, .cause, .certainty, .count] | @tsv'

",
    exit_codes_of_an_answer!()
);

pub(super) const CERTS: &str = concat!(
    "\
Examples:
  Which certificates will fail within 30 days, and how much traffic that is
    tlslake certs logs/ --expiring 30d
  The same as it stood at the end of January
    tlslake certs logs/ --expiring 30d --as-of 2026-01-31 --until 2026-01-31
  Every certificate, for a spreadsheet
    tlslake certs logs/ --format csv > certificates.csv
  Serial numbers of what expires within a week, for a script
    tlslake certs lake/ --expiring 7d --format json | jq -r '.certificates[].serial'

",
    exit_codes_of_an_answer!()
);

pub(super) const EXPLAIN: &str = concat!(
    "\
Examples:
  The codes that AWS documents
    tlslake explain
  One of them, with commands to check and to mend it
    tlslake explain ClientCertUntrusted
  For a wiki
    tlslake explain Failed:ClientCertExpired --format markdown

",
    "\
Exit codes:
  0  done
  1  AWS documents no such code
  2  the command line cannot be used"
);

pub(super) const LINT_TRUST_STORE: &str = "\
Examples:
  Before a bundle is uploaded
    tlslake lint-trust-store --ca-bundle ca-bundle.pem
  With the revocation lists of the trust store
    tlslake lint-trust-store --ca-bundle ca-bundle.pem --crl crls/*.pem
  As a step that stops a pipeline
    tlslake lint-trust-store --ca-bundle ca-bundle.pem && aws s3 cp ca-bundle.pem s3://bucket/
  Every problem, for a script
    tlslake lint-trust-store --ca-bundle ca-bundle.pem --format json | jq -r '.problems[].says'

Exit codes:
  0  nothing that a load balancer refuses (there may be warnings)
  1  a file cannot be read
  2  the command line cannot be used
  3  something would be refused, or would break clients";

pub(super) const GENERATE: &str = concat!(
    "\
Examples:
  A small sample
    tlslake generate --out sample --files 4 --lines 10000
  About 1.2 GB of log text, one line in a hundred odd
    tlslake generate --out sample --files 64 --lines 50000 --faults 1 --seed 7

",
    plain_exit_codes!()
);

pub(super) const BENCH: &str = "\
Examples:
  How fast is this machine on these logs?
    tlslake bench logs/
  How long will 40 TB of them take here, and what will that cost?
    tlslake bench logs/ --project-tb 40 --price-per-hour 0.34
  A quick look, on one core
    tlslake bench logs/ --sample 32MiB --rounds 1 --jobs 1
  Another disk for the lake that is written and removed
    tlslake bench logs/ --scratch /mnt/fast
  What report takes next to decompression alone, for a script
    tlslake bench logs/ --format json | jq '.whole[] | {name, ratio: .next_to_floor.median}'

Files are read from the page cache: what a disk or a network adds is not measured. Ctrl-C leaves nothing behind.

Exit codes:
  0  measured
  1  the run failed (an input that does not exist, no log found, no whole file, a full disk, …)
  2  the command line cannot be used
  3  measured, without files of the sample that are damaged
130 (Ctrl-C) and 143 (SIGTERM): stopped.";

pub(super) const KERNELS: &str = concat!(
    "\
Examples:
  tlslake kernels
  tlslake kernels --format json | jq -r '.kernels[] | select(.available) | .name'
  tlslake report logs/ --kernel scalar

",
    plain_exit_codes!()
);
