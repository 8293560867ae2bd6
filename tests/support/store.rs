//! Real S3-compatible servers on loopback, from the Python environment of the tests: moto's, and SeaweedFS's, which checks signatures.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::Run;

/// Whose server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// moto's: in memory, in Python, follows AWS's answers closely.
    Moto,
    /// SeaweedFS's: files on disk, in Go, knows nothing of the other.
    Weed,
}

/// A server with one empty bucket, `logs`; stopped when it is dropped.
pub(crate) struct Store {
    server: Child,
    pub(crate) kind: Kind,
    pub(crate) address: SocketAddr,
    /// What the server writes.
    _folder: tempfile::TempDir,
}

impl Store {
    /// Starts moto's, and waits until it answers; `None` where there is no Python with it.
    pub(crate) fn start() -> Option<Self> {
        Self::of(Kind::Moto)
    }

    /// One server of each kind, the next one started when the one before is done with; none where there is no Python with them.
    pub(crate) fn each() -> impl Iterator<Item = Self> {
        let starts: [fn() -> Option<Self>; 2] = [Self::start, || Self::of(Kind::Weed)];
        starts.into_iter().filter_map(|start| start())
    }

    /// Starts one, and waits until it answers; `None` where there is no Python with it.
    pub(crate) fn of(kind: Kind) -> Option<Self> {
        let Some(python) = std::env::var_os("TLSLAKE_PYTHON") else {
            eprintln!("SKIPPED: TLSLAKE_PYTHON is not set, so there is no object store to read from; `scripts/test` sets it");
            return None;
        };
        // A port that was free may be somebody else's by now; the server ends then.
        let store = (0..5).find_map(|_| Self::try_start(kind, Path::new(&python)));
        Some(store.unwrap_or_else(|| panic!("{kind:?} does not start")))
    }

    fn try_start(kind: Kind, python: &Path) -> Option<Self> {
        let folder = super::folder();
        let (mut command, address) = match kind {
            Kind::Moto => moto(python),
            Kind::Weed => weed(&python.with_file_name("weed"), folder.path()),
        };
        let server = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the server starts");
        let mut store = Self { server, kind, address, _folder: folder };
        store.has_made_a_bucket().then_some(store)
    }

    /// Waits until the server makes the bucket; false if it has ended.
    fn has_made_a_bucket(&mut self) -> bool {
        let end = Instant::now() + Duration::from_secs(60);
        let mut answer = None;
        while Instant::now() < end {
            if self.server.try_wait().expect("the server can be asked after").is_some() {
                return false;
            }
            answer = try_put(self.kind, self.address, "/logs", b"").ok().map(|(status, _)| status);
            if answer == Some(200) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the server makes no bucket: {answer:?}");
    }

    /// Puts an object into the bucket. The key is percent-encoded.
    pub(crate) fn put(&self, key: &str, body: &[u8]) {
        Self::put_at(self.kind, self.address, key, body);
    }

    /// Likewise, where the store itself is not at hand.
    pub(crate) fn put_at(kind: Kind, address: SocketAddr, key: &str, body: &[u8]) {
        let (status, said) = try_put(kind, address, &format!("/logs/{key}"), body).expect("an answer comes");
        assert_eq!(status, 200, "{key}: {}", String::from_utf8_lossy(&said));
    }
}

/// Puts something there; gives status and body of the answer.
fn try_put(kind: Kind, address: SocketAddr, path: &str, body: &[u8]) -> std::io::Result<(u16, Vec<u8>)> {
    let mut stream = TcpStream::connect(address)?;
    let length = body.len();
    // moto has nobody replace an object, and takes anybody's word for who it is; the other way round with SeaweedFS.
    let signature = "AWS4-HMAC-SHA256 Credential=AKIATESTTESTTEST/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";
    let who = if kind == Kind::Moto { format!("Authorization: {signature}\r\n") } else { String::new() };
    let head = format!("PUT {path} HTTP/1.1\r\nHost: {address}\r\n{who}Content-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let text = String::from_utf8_lossy(&answer);
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or(std::io::ErrorKind::InvalidData)?;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").map_or(answer.len(), |end| end + 4);
    Ok((status, answer[end..].to_vec()))
}

impl Drop for Store {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Ports that nobody has taken, each another one.
fn free_ports<const COUNT: usize>() -> [u16; COUNT] {
    let listeners = [(); COUNT].map(|()| TcpListener::bind("127.0.0.1:0").expect("a free port"));
    listeners.map(|listener| listener.local_addr().expect("its address").port())
}

fn local(port: u16) -> SocketAddr {
    ([127, 0, 0, 1], port).into()
}

fn moto(python: &Path) -> (Command, SocketAddr) {
    let [port] = free_ports();
    let mut command = Command::new(python);
    command.args(["-c", "from moto.server import main; main()", "-H", "127.0.0.1", "-p", &port.to_string()]);
    (command, local(port))
}

/// All of SeaweedFS in one process: its own ports and sockets, and whatever it keeps below `folder`.
fn weed(program: &Path, folder: &Path) -> (Command, SocketAddr) {
    let identities = write_identities(folder);
    let ports: [u16; 8] = free_ports();
    let names =
        ["s3.port", "s3.port.grpc", "master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc"];
    let mut command = Command::new(program);
    command.arg("server").arg("-s3").args(["-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3.port.iceberg=0", "-s3.port.lance=0"]);
    command.args(names.iter().zip(ports).map(|(name, port)| format!("-{name}={port}")));
    // A bucket takes seven volumes at once; they grow as they are filled.
    command.args(["-volume.max=100", "-master.volumeSizeLimitMB=1024", "-volume.minFreeSpace=64MiB"]);
    for (name, path) in [("dir", folder), ("s3.localSocket", &folder.join("s3")), ("filer.localSocket", &folder.join("filer"))] {
        command.arg(format!("-{name}={}", path.display()));
    }
    command.arg(format!("-s3.config={}", identities.display())).current_dir(folder);
    (command, local(ports[0]))
}

/// One that signs, and nobody, who may do the same: what is signed must be signed rightly all the same.
fn write_identities(folder: &Path) -> PathBuf {
    let credentials = serde_json::json!([{ "accessKey": KEY_ID, "secretKey": SECRET }]);
    let actions = ["Admin", "Read", "Write", "List"];
    let identities = serde_json::json!({ "identities": [
        { "name": "tests", "credentials": credentials, "actions": actions },
        { "name": "anonymous", "actions": actions },
    ] });
    super::logs::write(folder, "identities.json", identities.to_string().as_bytes())
}

/// Runs `tlslake` with the store's address and some credentials.
pub(crate) fn run_at(address: SocketAddr, arguments: &[&str]) -> Run {
    run_signed(address, SECRET, arguments)
}

/// Likewise, with this key to sign with.
pub(crate) fn run_signed(address: SocketAddr, secret: &str, arguments: &[&str]) -> Run {
    let endpoint = format!("http://{address}");
    let credentials =
        [("AWS_ACCESS_KEY_ID", KEY_ID), ("AWS_SECRET_ACCESS_KEY", secret), ("AWS_ENDPOINT_URL", &endpoint), ("AWS_REGION", "eu-west-1")];
    super::run_with_stdin_and(arguments, b"", &credentials)
}

const KEY_ID: &str = "AKIATESTTESTTEST";

/// Must never be seen anywhere.
pub(crate) const SECRET: &str = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY";
