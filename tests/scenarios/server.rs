//! A real TLS server that verifies clients, a real client, and what the server says of it.
//!
//! Both are `openssl`'s, on the loopback interface, on a port that the system picks. Nothing outlives a test: children are killed when
//! they are dropped, and nobody waits longer than [`PATIENCE`].

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// How long a handshake may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A process that ends with its owner.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

impl Process {
    fn start(folder: &Path, arguments: &[String]) -> Self {
        let mut command = Command::new("openssl");
        command.args(arguments).current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let started = command.spawn();
        Process(
            started.unwrap_or_else(|error| panic!("these tests need the command openssl, which `scripts/test setup` installs: {error}")),
        )
    }

    /// Waits, but not for ever.
    fn ends(&mut self, what: &str) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.0.try_wait().unwrap() {
                Some(status) => return status,
                None if Instant::now() > deadline => panic!("{what} does not end"),
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    }
}

/// The lines of a stream as they come. The thread ends with the stream.
fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let lines = BufReader::new(stream).split(b'\n').map_while(Result::ok);
        lines.for_each(|line| {
            sender.send(String::from_utf8_lossy(&line).into_owned()).ok();
        });
    });
    receiver
}

fn drain(lines: &Receiver<String>) -> Vec<String> {
    let mut all = Vec::new();
    while let Ok(line) = lines.recv_timeout(PATIENCE) {
        all.push(line);
    }
    all
}

/// Lets a client with these options connect once to a server with these options, in a folder that holds their files.
///
/// Returns everything that the server said.
#[track_caller]
pub(crate) fn handshake(folder: &Path, server_options: &[&str], client_options: &[&str]) -> Vec<String> {
    let owned = |fixed: &[&str], options: &[&str]| fixed.iter().chain(options).map(|option| (*option).to_owned()).collect::<Vec<_>>();
    let fixed = ["s_server", "-accept", "127.0.0.1:0", "-naccept", "1", "-cert", "server.pem", "-key", "server.key"];
    // The server's standard input stays open as long as `server` lives: at its end, the server would hang up.
    let mut server = Process::start(folder, &owned(&fixed, server_options));
    let said = lines(server.0.stdout.take().unwrap());
    let complained = lines(server.0.stderr.take().unwrap());
    let address = address(&said, &complained);

    let mut client = Process::start(folder, &owned(&["s_client", "-connect", &address], client_options));
    drop(client.0.stdin.take());
    let (heard, errors) = (lines(client.0.stdout.take().unwrap()), lines(client.0.stderr.take().unwrap()));
    client.ends("the client");
    server.ends("the server");
    drop((heard, errors));
    let mut all = drain(&said);
    all.extend(drain(&complained));
    all
}

/// Where the server listens, as it says when it does.
fn address(said: &Receiver<String>, complained: &Receiver<String>) -> String {
    loop {
        match said.recv_timeout(PATIENCE) {
            Ok(line) => {
                if let Some(address) = line.strip_prefix("ACCEPT ") {
                    return address.trim().to_owned();
                }
            }
            Err(_) => panic!("the server does not listen:\n{}", complained.try_iter().collect::<Vec<_>>().join("\n")),
        }
    }
}
