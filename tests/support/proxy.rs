//! A proxy that does to answers what networks and busy stores do: refuses, resets, cuts short, delays.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It goes through.
    Pass,
    /// The proxy answers with this status in the store's stead.
    Status(u16),
    /// The connection ends without an answer.
    Reset,
    /// The answer's body ends after half of it.
    Half,
    /// The request goes through; its answer does not come back.
    Lost,
    /// The answer comes in small pieces.
    Slow,
    /// Half of the answer's body comes, and then nothing more, while the connection stays.
    Stall,
    /// The answer's body is half of what it should be, and so says its head.
    Short,
}

/// A stalled answer's connection stays so long.
const STALL: Duration = Duration::from_secs(20);

/// A request line, and how many came before it.
type Decide = dyn Fn(&str, u64) -> Fate + Send + Sync;

/// Passes requests on; one request a connection, so that each is seen.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    faults: Arc<AtomicU64>,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// Stands before `target`; `decide` says what becomes of each request.
    pub(crate) fn before(target: SocketAddr, decide: impl Fn(&str, u64) -> Fate + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        let (faults, heads) = (Arc::new(AtomicU64::new(0)), Arc::new(Mutex::new(Vec::new())));
        let proxy = Self { address, faults: faults.clone(), heads: heads.clone() };
        let decide: Arc<Decide> = Arc::new(decide);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (decide, faults, heads) = (decide.clone(), faults.clone(), heads.clone());
                std::thread::spawn(move || serve(client, target, &*decide, &faults, &heads));
            }
        });
        proxy
    }

    /// Faults so far.
    pub(crate) fn faults(&self) -> u64 {
        self.faults.load(Ordering::Relaxed)
    }

    /// The request lines so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.heads().iter().filter_map(|head| head.lines().next()).map(str::to_owned).collect()
    }

    /// The requests so far, headers and all.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().expect("no thread has died").clone()
    }
}

fn serve(mut client: TcpStream, target: SocketAddr, decide: &Decide, faults: &AtomicU64, heads: &Mutex<Vec<String>>) -> Option<()> {
    let (head, rest) = read_request(&mut client)?;
    let line = head.lines().next()?.to_owned();
    let number = {
        let mut heads = heads.lock().ok()?;
        heads.push(head.clone());
        heads.len() as u64 - 1
    };
    let fate = decide(&line, number);
    faults.fetch_add(u64::from(fate != Fate::Pass), Ordering::Relaxed);
    match fate {
        Fate::Reset => return client.shutdown(Shutdown::Both).ok(),
        Fate::Status(status) => {
            let code = if status == 403 { "AccessDenied" } else { "SlowDown" };
            let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>As the test wants it.</Message></Error>");
            let head = format!("HTTP/1.1 {status} Refused\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            return client.write_all((head + &body).as_bytes()).ok();
        }
        _ => {}
    }
    let mut answer = ask(target, &head, &rest)?;
    if fate == Fate::Lost {
        return client.shutdown(Shutdown::Both).ok();
    }
    if fate == Fate::Short {
        answer = halved(&answer)?;
    }
    let body = find(&answer, b"\r\n\r\n")? + 4;
    let sent = if matches!(fate, Fate::Half | Fate::Stall) { body + (answer.len() - body) / 2 } else { answer.len() };
    let step = if fate == Fate::Slow { 512.max(sent / 20) } else { sent.max(1) };
    for piece in answer[..sent].chunks(step) {
        client.write_all(piece).ok()?;
        if fate == Fate::Slow {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
    if fate == Fate::Stall {
        std::thread::sleep(STALL);
    }
    client.shutdown(Shutdown::Both).ok()
}

/// An answer with half of its body, and a length that fits it.
fn halved(answer: &[u8]) -> Option<Vec<u8>> {
    let body = find(answer, b"\r\n\r\n")? + 4;
    let half = (answer.len() - body) / 2;
    let head = String::from_utf8_lossy(&answer[..body - 4]).into_owned();
    let lines = head.lines().filter(|line| !line.to_ascii_lowercase().starts_with("content-length:"));
    let head: String = lines.map(|line| format!("{line}\r\n")).collect();
    Some([format!("{head}Content-Length: {half}\r\n\r\n").as_bytes(), &answer[body..body + half]].concat())
}

/// The head of a request, and its body.
fn read_request(client: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let (mut bytes, mut piece) = (Vec::new(), [0; 65_536]);
    let end = loop {
        let count = client.read(&mut piece).ok().filter(|&count| count > 0)?;
        bytes.extend_from_slice(&piece[..count]);
        if let Some(end) = find(&bytes, b"\r\n\r\n") {
            break end + 4;
        }
    };
    let mut body = bytes.split_off(end);
    let head = String::from_utf8(bytes).ok()?;
    let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    let missing = length.unwrap_or(0_u64).saturating_sub(body.len() as u64);
    client.take(missing).read_to_end(&mut body).ok()?;
    Some((head, body))
}

/// The target's whole answer to a request.
fn ask(target: SocketAddr, head: &str, body: &[u8]) -> Option<Vec<u8>> {
    let mut server = TcpStream::connect(target).ok()?;
    let lines = head.lines().filter(|line| !line.is_empty() && !line.to_ascii_lowercase().starts_with("connection:"));
    let head: String = lines.map(|line| format!("{line}\r\n")).collect();
    server.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes()).and_then(|()| server.write_all(body)).ok()?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).ok()?;
    // The client shall not send another request here.
    let end = find(&answer, b"\r\n\r\n")?;
    let text = String::from_utf8_lossy(&answer[..end]).into_owned();
    let lines = text.lines().filter(|line| !line.to_ascii_lowercase().starts_with("connection:"));
    let head: String = lines.map(|line| format!("{line}\r\n")).collect();
    Some([format!("{head}Connection: close\r\n\r\n").as_bytes(), &answer[end + 4..]].concat())
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
