//! A real S3-compatible server on loopback: moto's, from the Python environment of the tests.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::Run;

/// A server with one empty bucket, `logs`; stopped when it is dropped.
pub(crate) struct Store {
    server: Child,
    pub(crate) address: SocketAddr,
}

impl Store {
    /// Starts it, and waits until it answers; `None` where there is no Python with it.
    pub(crate) fn start() -> Option<Self> {
        let Some(python) = std::env::var_os("TLSLAKE_PYTHON") else {
            eprintln!("SKIPPED: TLSLAKE_PYTHON is not set, so there is no object store to read from; `scripts/test` sets it");
            return None;
        };
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        drop(listener);
        let port = address.port().to_string();
        let mut command = Command::new(python);
        command.args(["-c", "from moto.server import main; main()", "-H", "127.0.0.1", "-p", &port]);
        let server = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("moto's server starts");
        let store = Self { server, address };
        store.wait();
        assert_eq!(store.request("PUT", "/logs", b"").0, 200);
        Some(store)
    }

    fn wait(&self) {
        let end = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(self.address).is_err() {
            assert!(Instant::now() < end, "moto's server does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Puts an object into the bucket.
    pub(crate) fn put(&self, key: &str, body: &[u8]) {
        Self::put_at(self.address, key, body);
    }

    /// Likewise, where there is only the address.
    pub(crate) fn put_at(address: SocketAddr, key: &str, body: &[u8]) {
        assert_eq!(request(address, "PUT", &format!("/logs/{key}"), body).0, 200, "{key}");
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
        request(self.address, method, path, body)
    }
}

fn request(address: SocketAddr, method: &str, path: &str, body: &[u8]) -> (u16, Vec<u8>) {
    let mut stream = TcpStream::connect(address).expect("the server takes connections");
    let length = body.len();
    // What a caller without a name may do with others' objects is little; moto asks for a name, and checks no signature.
    let owner = "AWS4-HMAC-SHA256 Credential=AKIATESTTESTTEST/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: {owner}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).expect("the request is taken");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer comes");
    let head = &answer[..answer.len().min(64)];
    let status = String::from_utf8_lossy(head).split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status line");
    let body = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").map_or(answer.len(), |end| end + 4);
    (status, answer[body..].to_vec())
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
    command.env("AWS_ACCESS_KEY_ID", "AKIATESTTESTTEST").env("AWS_SECRET_ACCESS_KEY", SECRET);
    command
}

/// Must never be seen anywhere.
pub(crate) const SECRET: &str = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY";
