//! A real S3-compatible server on loopback: moto's, from the Python environment of the tests.

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
        assert_eq!(self.request("PUT", &format!("/logs/{key}"), body).0, 200, "{key}");
    }

    /// Sends a request; gives status and body.
    pub(crate) fn request(&self, method: &str, path: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let mut stream = TcpStream::connect(self.address).expect("the server takes connections");
        let length = body.len();
        let head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n", self.address);
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).expect("the request is taken");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer comes");
        let text = String::from_utf8_lossy(&answer);
        let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status line");
        let body = text.find("\r\n\r\n").map_or(answer.len(), |end| end + 4);
        (status, answer[body..].to_vec())
    }
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

/// Likewise, with more variables.
pub(crate) fn run_at_with(address: SocketAddr, arguments: &[&str], variables: &[(&str, &str)]) -> Run {
    let endpoint = format!("http://{address}");
    let credentials = [
        ("AWS_ACCESS_KEY_ID", "AKIATESTTESTTEST"),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
        ("AWS_ENDPOINT_URL", &endpoint),
        ("AWS_REGION", "eu-west-1"),
    ];
    super::run_with_stdin_and(arguments, b"", &[&credentials[..], variables].concat())
}

/// Must never be seen anywhere.
pub(crate) const SECRET: &str = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY";
