//! Real S3-compatible servers on loopback, from the Python environment of the tests: moto's, and SeaweedFS's, which checks signatures.

use std::collections::BTreeMap;
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
    pub(crate) address: SocketAddr,
    /// What the server writes.
    _folder: tempfile::TempDir,
}

impl Store {
    /// One server of each kind, the next one started when the one before is done with; none where there is no Python with them.
    pub(crate) fn each() -> impl Iterator<Item = Self> {
        [Kind::Moto, Kind::Weed].into_iter().filter_map(Self::of)
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
        let mut store = Self { server, address, _folder: folder };
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
            answer = try_request(self.address, "PUT", "/logs", b"").ok().map(|(status, _)| status);
            if answer == Some(200) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the server makes no bucket: {answer:?}");
    }

    /// Puts an object into the bucket.
    pub(crate) fn put(&self, key: &str, body: &[u8]) {
        Self::put_at(self.address, key, body);
    }

    /// Likewise, where no more than the server's address is at hand.
    pub(crate) fn put_at(address: SocketAddr, key: &str, body: &[u8]) {
        let (status, said) = try_request(address, "PUT", &format!("/logs/{key}"), body).expect("an answer comes");
        assert_eq!(status, 200, "{key}: {}", String::from_utf8_lossy(&said));
    }

    /// The keys below a prefix.
    fn keys(&self, prefix: &str) -> Vec<String> {
        let (mut keys, mut next) = (Vec::new(), String::new());
        loop {
            let (status, page) = self.request("GET", &format!("/logs?list-type=2&prefix={prefix}{next}"), b"");
            assert_eq!(status, 200);
            let page = String::from_utf8(page).expect("XML");
            keys.extend(elements(&page, "Key").into_iter().map(|key| key.replace("%3D", "=")));
            match elements(&page, "NextContinuationToken").first() {
                Some(token) => next = format!("&continuation-token={token}"),
                None => return keys,
            }
        }
    }

    /// The objects below a prefix, by what follows it.
    pub(crate) fn objects(&self, prefix: &str) -> BTreeMap<String, Vec<u8>> {
        let got = |key: String| {
            let (status, bytes) = self.request("GET", &format!("/logs/{key}"), b"");
            assert_eq!(status, 200, "{key}");
            (key[prefix.len()..].to_owned(), bytes)
        };
        self.keys(prefix).into_iter().map(got).collect()
    }

    /// Removes the objects below a prefix.
    pub(crate) fn remove_all(&self, prefix: &str) {
        self.keys(prefix).iter().for_each(|key| assert_eq!(self.request("DELETE", &format!("/logs/{key}"), b"").0, 204, "{key}"));
    }

    /// Uploads in parts that are under way.
    pub(crate) fn uploads(&self) -> usize {
        self.uploads_with_keys().len()
    }

    fn uploads_with_keys(&self) -> Vec<(String, String)> {
        let (status, page) = self.request("GET", "/logs?uploads", b"");
        assert_eq!(status, 200);
        let page = String::from_utf8(page).expect("XML");
        elements(&page, "Upload").iter().map(|upload| (elements(upload, "Key").remove(0), elements(upload, "UploadId").remove(0))).collect()
    }

    /// Gives them up.
    pub(crate) fn abort_uploads(&self) {
        for (key, id) in self.uploads_with_keys() {
            assert_eq!(self.request("DELETE", &format!("/logs/{key}?uploadId={id}"), b"").0, 204, "{key}");
        }
    }

    /// Sends a request; gives status and body.
    pub(crate) fn request(&self, method: &str, path: &str, body: &[u8]) -> (u16, Vec<u8>) {
        try_request(self.address, method, path, body).expect("an answer comes")
    }
}

/// A request of nobody's; where nobody may do that, of somebody's: moto takes any name, and checks no signature.
fn try_request(address: SocketAddr, method: &str, path: &str, body: &[u8]) -> std::io::Result<(u16, Vec<u8>)> {
    let owner = format!(
        "Authorization: AWS4-HMAC-SHA256 Credential={KEY_ID}/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0\r\n"
    );
    match send(address, method, path, "", body)? {
        (403, _) => send(address, method, path, &owner, body),
        answer => Ok(answer),
    }
}

fn send(address: SocketAddr, method: &str, path: &str, header: &str, body: &[u8]) -> std::io::Result<(u16, Vec<u8>)> {
    let mut stream = TcpStream::connect(address)?;
    let length = body.len();
    let head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\n{header}Content-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let text = String::from_utf8_lossy(&answer);
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or(std::io::ErrorKind::InvalidData)?;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").map_or(answer.len(), |end| end + 4);
    Ok((status, answer[end..].to_vec()))
}

/// The texts of elements of that name.
fn elements(xml: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    xml.split(&open).skip(1).filter_map(|rest| Some(rest.split_once(&close)?.0.to_owned())).collect()
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
    run_at_with(address, arguments, &[])
}

/// Likewise, with more variables in its environment.
pub(crate) fn run_at_with(address: SocketAddr, arguments: &[&str], variables: &[(&str, &str)]) -> Run {
    super::finish(command_at(address, arguments).envs(variables.iter().copied()), &[])
}

/// `tlslake`, to be run so, with no output.
pub(crate) fn command_at(address: SocketAddr, arguments: &[&str]) -> Command {
    let mut command = super::tlslake();
    command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    command.env("AWS_ENDPOINT_URL", format!("http://{address}")).env("AWS_REGION", "eu-west-1");
    command.env("AWS_ACCESS_KEY_ID", KEY_ID).env("AWS_SECRET_ACCESS_KEY", SECRET);
    command
}

/// Runs it with this key to sign with.
pub(crate) fn run_signed(address: SocketAddr, secret: &str, arguments: &[&str]) -> Run {
    run_at_with(address, arguments, &[("AWS_SECRET_ACCESS_KEY", secret)])
}

const KEY_ID: &str = "AKIATESTTESTTEST";

/// Must never be seen anywhere.
pub(crate) const SECRET: &str = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY";
