//! Named points in the way to a committed lake, at which tests make a run die or a step fail.
//!
//! Compiled in for tests alone (feature `failpoints`); otherwise [`reach`] is nothing. `TLSLAKE_FAILPOINT=NAME[:N]=ACTION` acts when `NAME` is
//! reached for the N-th time (1 if not given): `abort` ends the process at once, without any destructor, as a power cut would; `ENOSPC`,
//! `EIO`, `EMFILE`, `EDQUOT`, `EROFS` make the step fail with that error. `TLSLAKE_FAILPOINT_LOG=FILE` appends each name that is reached, a line each.

/// Says that the run is about to take the step `name`.
///
/// # Errors
/// What the test asked for; never without the feature.
#[cfg(not(feature = "failpoints"))]
#[inline(always)]
pub(crate) fn reach(_name: &'static str) -> std::io::Result<()> {
    Ok(())
}

#[cfg(feature = "failpoints")]
pub(crate) use armed::reach;

#[cfg(feature = "failpoints")]
mod armed {
    use std::fs::OpenOptions;
    use std::io::{Error, ErrorKind, Result, Write};
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// What a test asked for.
    struct Trap {
        name: String,
        nth: u64,
        action: String,
        reached: AtomicU64,
    }

    /// Says that the run is about to take the step `name`.
    pub(crate) fn reach(name: &'static str) -> Result<()> {
        log(name)?;
        let Some(trap) = trap() else { return Ok(()) };
        if trap.name != name || trap.reached.fetch_add(1, Ordering::SeqCst) + 1 != trap.nth {
            return Ok(());
        }
        act(&trap.action)
    }

    fn log(name: &str) -> Result<()> {
        let Some(path) = std::env::var_os("TLSLAKE_FAILPOINT_LOG") else { return Ok(()) };
        let mut file = OpenOptions::new().create(true).append(true).open(path)?;
        file.write_all(format!("{name}\n").as_bytes())
    }

    fn trap() -> Option<&'static Trap> {
        static TRAP: OnceLock<Option<Trap>> = OnceLock::new();
        TRAP.get_or_init(|| parse(&std::env::var("TLSLAKE_FAILPOINT").ok()?)).as_ref()
    }

    fn parse(text: &str) -> Option<Trap> {
        let (place, action) = text.split_once('=')?;
        let (name, nth) = place.split_once(':').map_or((place, Some(1)), |(name, nth)| (name, nth.parse().ok()));
        Some(Trap { name: name.to_owned(), nth: nth?, action: action.to_owned(), reached: AtomicU64::new(0) })
    }

    fn act(action: &str) -> Result<()> {
        // Numbers of Linux, which are those of every system for the first two.
        match action {
            "abort" => std::process::abort(),
            "EIO" => Err(Error::from_raw_os_error(5)),
            "EMFILE" => Err(Error::from_raw_os_error(24)),
            "ENOSPC" => Err(Error::from_raw_os_error(28)),
            "EROFS" => Err(Error::from_raw_os_error(30)),
            "EDQUOT" => Err(Error::from_raw_os_error(122)),
            other => Err(Error::new(ErrorKind::InvalidInput, format!("no such action: {other}"))),
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_trap_names_place_count_and_action() {
            let trap = parse("commit.rename:3=ENOSPC").unwrap();
            assert_eq!((trap.name.as_str(), trap.nth, trap.action.as_str()), ("commit.rename", 3, "ENOSPC"));
            assert_eq!(parse("commit.rename=abort").unwrap().nth, 1);
            assert!(parse("commit.rename").is_none() && parse("a:x=abort").is_none());
            assert_eq!(act("ENOSPC").unwrap_err().kind(), ErrorKind::StorageFull);
        }
    }
}
