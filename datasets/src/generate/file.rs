//! One file of the archive: lines into gzip members, under the final name once it is whole.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::faults::{self, Effect};
use super::population::{Population, TROUBLED_PER_MILLE};
use super::traffic::{Site, Traffic};
use super::{FLEETS, Generate, Generated};
use crate::Error;
use crate::calendar::MICROS;
use crate::draw::Draw;
use crate::line::Line;
use crate::name::{FileName, WINDOW};

/// Log text that is gathered before it is compressed.
const CHUNK: usize = 64 << 10;
/// gzip's own default level, and about what AWS's files come to.
const LEVEL: u32 = 6;
/// Chances of a fault are told in parts of 2^32.
const FAULT_SCALE: u64 = 1 << 32;

/// Where file `index` of an archive comes from.
struct Origin {
    fleet: &'static super::Fleet,
    node: &'static str,
    /// First second of its window.
    begin: i64,
}

impl Origin {
    /// Files go through the nodes of all fleets, then on to the next window.
    fn of(index: u32) -> Self {
        let nodes = FLEETS[0].nodes.len();
        let place = index as usize % (FLEETS.len() * nodes);
        let window = i64::from(index) / (FLEETS.len() * nodes) as i64;
        let fleet = &FLEETS[place % FLEETS.len()];
        Self { fleet, node: fleet.nodes[place / FLEETS.len()], begin: Generate::FIRST_WINDOW + window * WINDOW }
    }
}

/// Writes file `index`.
pub(super) fn write(settings: &Generate, index: u32) -> Result<Generated, Error> {
    let origin = Origin::of(index);
    let mut draw = Draw::new(settings.seed, u64::from(index));
    let name = FileName {
        account: &settings.account,
        region: &settings.region,
        balancer: origin.fleet.balancer,
        end: origin.begin + WINDOW,
        node: origin.node,
        random: draw.bits(),
    };
    let path = settings.out.join(name.connection_log());
    let aside = path.with_extension("gz.part");
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(Error::io(folder, "making the folder"))?;
    }
    let made = write_members(settings, index, &origin, &mut draw, &aside).map_err(Error::io(&aside, "writing"));
    let made = made.and_then(|made| fs::rename(&aside, &path).map_err(Error::io(&path, "renaming")).map(|()| made));
    if made.is_err() {
        // The first error is the one to tell; a leftover is harmless.
        let _ = fs::remove_file(&aside);
    }
    made
}

/// Writes the file's one or two members to `path`.
fn write_members(settings: &Generate, index: u32, origin: &Origin, draw: &mut Draw, path: &Path) -> std::io::Result<Generated> {
    let lines = settings.lines_per_file;
    let second_member = index % Generate::MULTI_MEMBER_EVERY == Generate::MULTI_MEMBER_EVERY - 1;
    let first = if second_member { lines / 2 } else { lines };
    let population = Population::new(settings.seed, settings.clients, Generate::FIRST_WINDOW, TROUBLED_PER_MILLE);
    let site = Site { elb: origin.fleet.balancer.resource(), node: origin.node };
    let mut log = LogText {
        traffic: Traffic { population: &population, site: &site },
        begin: origin.begin * MICROS,
        lines,
        fault_chance: (settings.faults / 100.0 * FAULT_SCALE as f64) as u64,
        line: Line::new(),
        text: Vec::with_capacity(CHUNK + 4_096),
        made: Generated { files: 1, lines, ..Generated::default() },
    };
    let mut file = BufWriter::new(File::create(path)?);
    file = log.write_member(file, draw, 0..first)?;
    if second_member {
        file = log.write_member(file, draw, first..lines)?;
    }
    let file = file.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    log.made.compressed_bytes = file.metadata()?.len();
    Ok(log.made)
}

/// The text of a file on its way into the compressor.
struct LogText<'a> {
    traffic: Traffic<'a>,
    /// First microsecond of the window.
    begin: i64,
    lines: u64,
    /// In parts of [`FAULT_SCALE`].
    fault_chance: u64,
    line: Line,
    text: Vec<u8>,
    made: Generated,
}

impl LogText<'_> {
    /// Appends one gzip member with the lines of `range` to `file`.
    fn write_member<W: Write>(&mut self, file: W, draw: &mut Draw, range: std::ops::Range<u64>) -> std::io::Result<W> {
        let mut member = GzEncoder::new(file, Compression::new(LEVEL));
        for number in range {
            self.push_line(draw, number);
            if self.text.len() >= CHUNK {
                self.flush(&mut member)?;
            }
        }
        self.flush(&mut member)?;
        member.finish()
    }

    fn flush(&mut self, member: &mut impl Write) -> std::io::Result<()> {
        self.made.raw_bytes += self.text.len() as u64;
        member.write_all(&self.text)?;
        self.text.clear();
        Ok(())
    }

    fn push_line(&mut self, draw: &mut Draw, number: u64) {
        let time = self.begin + event_offset(draw, number, self.lines);
        self.traffic.fill(&mut self.line, draw, time);
        if self.fault_chance == 0 || draw.below(FAULT_SCALE) >= self.fault_chance {
            self.line.write(&mut self.text);
            return;
        }
        self.made.faulty_lines += 1;
        match faults::write(&mut self.line, draw, &mut self.text) {
            Effect::Row => {}
            Effect::Rejected => self.made.rejected_lines += 1,
            Effect::Blank => self.made.blank_lines += 1,
        }
    }
}

/// Microseconds from the window's begin to event `number` of `lines`: evenly spread, then moved by up to two steps, so that neighbours
/// sometimes change places as they do in real files.
fn event_offset(draw: &mut Draw, number: u64, lines: u64) -> i64 {
    let span = (WINDOW * MICROS) as u64;
    let even = (u128::from(number) * u128::from(span) / u128::from(lines.max(1))) as u64;
    let step = span / lines.max(1);
    (even + draw.below(2 * step + 1)).min(span - 1) as i64
}
