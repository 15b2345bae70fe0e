//! How far a long scan is: on standard error, where that is a terminal, and only after a while. Uses nothing else of
//! this crate; the one home of indicatif. No thread draws it: who makes a step does.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What takes less is not worth a line that comes and goes.
const AFTER: Duration = Duration::from_secs(1);

/// A scan of a known number of things.
pub(super) struct Progress {
    /// `None` where nobody sees it.
    started: Option<Instant>,
    what: &'static str,
    total: u64,
    done: AtomicU64,
    over: AtomicBool,
    bar: OnceLock<ProgressBar>,
}

impl Progress {
    /// Begins a scan of `total` of `what`, drawn if it is `watched`.
    pub(super) fn new(watched: bool, what: &'static str, total: usize) -> Self {
        let total = u64::try_from(total).unwrap_or(u64::MAX);
        Self {
            started: watched.then(Instant::now),
            what,
            total,
            done: AtomicU64::new(0),
            over: AtomicBool::new(false),
            bar: OnceLock::new(),
        }
    }

    /// One more is done.
    pub(super) fn step(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        let late = self.started.is_some_and(|started| started.elapsed() >= AFTER);
        if late && !self.over.load(Ordering::Relaxed) {
            self.bar.get_or_init(|| self.drawn()).set_position(done);
        }
    }

    /// The scan is over; what still makes steps is not seen any more.
    pub(super) fn finish(&self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }

    fn drawn(&self) -> ProgressBar {
        let style = ProgressStyle::with_template("{bar:30} {pos} of {len} {msg}");
        // The default style shows the same in other words.
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::with_draw_target(Some(self.total), ProgressDrawTarget::stderr());
        bar.with_style(style).with_message(self.what)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.finish();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_drawn_after_a_while_and_only_where_somebody_sees_it() {
        let mut progress = Progress::new(true, "projects", 3);
        progress.step();
        assert!(progress.bar.get().is_none(), "nothing took long");
        progress.started = progress.started.and_then(|started| started.checked_sub(AFTER));
        progress.step();
        assert_eq!(progress.bar.get().map(|bar| (bar.position(), bar.length())), Some((2, Some(3))));
        progress.finish();
        progress.step();
        assert_eq!(progress.bar.get().map(ProgressBar::is_finished), Some(true));
        let mut unseen = Progress::new(false, "projects", 3);
        unseen.started = unseen.started.and_then(|started| started.checked_sub(AFTER));
        unseen.step();
        assert!(unseen.bar.get().is_none());
    }
}
