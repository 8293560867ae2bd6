//! What is found and not read: counted one and all, named as far as is of use.

use std::collections::BTreeMap;

use super::SkippedFile;
use super::names::is_no_log;

/// Names kept of all.
const MOST_NAMED: usize = 10_000;
/// Names kept of each reason in any case, and of what may be a log apart from what is none.
const NAMED_EACH: u64 = 100;

/// What was found and is not read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Skips {
    named: Vec<SkippedFile>,
    /// By reason, and by whether such a file holds no connection log for all that its name says.
    counts: BTreeMap<(&'static str, bool), u64>,
}

impl Skips {
    pub(super) fn add(&mut self, file: SkippedFile) {
        let count = self.counts.entry((file.reason, is_no_log(&file))).or_default();
        *count += 1;
        if *count <= NAMED_EACH || self.named.len() < MOST_NAMED {
            self.named.push(file);
        }
    }

    /// The first of them, in the order found: ten thousand, and beyond that a hundred of each reason.
    pub fn named(&self) -> &[SkippedFile] {
        &self.named
    }

    /// How many there are for each reason.
    pub fn by_reason(&self) -> BTreeMap<&'static str, u64> {
        let mut reasons = BTreeMap::new();
        self.counts.iter().for_each(|((reason, _), count)| *reasons.entry(*reason).or_default() += count);
        reasons
    }

    /// How many there are.
    pub fn total(&self) -> u64 {
        self.counts.values().sum()
    }

    /// How many hold no connection log (`true`), or may well do so.
    pub(crate) fn count(&self, no_log: bool) -> u64 {
        self.counts.iter().filter(|((_, is_no_log), _)| *is_no_log == no_log).map(|(_, count)| count).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::super::names::reason;
    use super::*;

    #[test]
    fn counts_are_exact_and_names_are_bounded() {
        let mut skips = Skips::default();
        let mut add = |object: String, reason| skips.add(SkippedFile { object, reason });
        (0..20_000).for_each(|number| add(format!("{number}.md"), reason::NOT_A_LOG));
        (0..150).for_each(|number| add(format!("{number}.log.1"), reason::NOT_A_LOG));
        add("twice.log".to_owned(), reason::GIVEN_TWICE);
        assert_eq!((skips.total(), skips.count(false), skips.named().len()), (20_151, 150, 10_101));
        assert_eq!(skips.by_reason(), BTreeMap::from([(reason::NOT_A_LOG, 20_150), (reason::GIVEN_TWICE, 1)]));
    }
}
