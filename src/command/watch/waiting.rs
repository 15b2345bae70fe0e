//! Who is being looked at by the kernel, and how long what is due waits for that. Uses nothing else of this crate.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long one that starts may be looked at before it is told of as the engine alone describes it. As long at most does
/// what is known of others wait, however many start one after the other.
const PATIENCE: Duration = Duration::from_secs(1);

/// The containers that started and are being looked at.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// By id, each with when it began: whoever begins to wait while another one does has as long as that.
    since: BTreeMap<String, Instant>,
    /// Since when what is due is held back.
    held: Option<Instant>,
}

impl Waiting {
    /// One is being looked at from now on.
    pub(super) fn add(&mut self, id: String, now: Instant) {
        self.since.insert(id, now);
    }

    /// One was looked at, or is gone.
    pub(super) fn remove(&mut self, id: &str) {
        self.since.remove(id);
    }

    /// The ids of those that are still waited for.
    pub(super) fn ids(&self) -> impl Iterator<Item = &String> {
        self.since.keys()
    }

    /// How long what is due is still worth waiting for: what the engine alone tells of one that starts is often not all,
    /// and would be taken back at once. `None` where it is to be told now; who waits longer than that stays among `ids`.
    pub(super) fn patience(&mut self, now: Instant) -> Option<Duration> {
        let all = self.since.len();
        self.since.retain(|_, since| now.saturating_duration_since(*since) < PATIENCE);
        let is_over = self.since.len() < all;
        let oldest = self.since.values().min().copied().filter(|_| !is_over);
        let left = oldest.and_then(|oldest| {
            let first = oldest.min(*self.held.get_or_insert(now));
            Some(PATIENCE.saturating_sub(now.saturating_duration_since(first))).filter(|left| !left.is_zero())
        });
        if left.is_none() {
            self.held = None;
        }
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PART: Duration = Duration::from_millis(400);

    fn ids(waiting: &Waiting) -> Vec<&str> {
        waiting.ids().map(String::as_str).collect()
    }

    #[test]
    fn one_that_hangs_takes_no_time_from_one_that_starts_later() {
        let (mut waiting, begin) = (Waiting::default(), Instant::now());
        assert_eq!(waiting.patience(begin), None);
        waiting.add("hangs".to_owned(), begin);
        assert_eq!(waiting.patience(begin), Some(PATIENCE));
        waiting.add("later".to_owned(), begin + PART * 2);
        assert_eq!(waiting.patience(begin + PART * 2), PATIENCE.checked_sub(PART * 2));
        // What is due is told, but not of the later one.
        assert_eq!(waiting.patience(begin + PATIENCE), None);
        assert_eq!(ids(&waiting), ["later"]);
        assert_eq!(waiting.patience(begin + PATIENCE), Some(PART * 2));
        waiting.remove("later");
        assert_eq!(waiting.patience(begin + PATIENCE), None);
    }

    #[test]
    fn what_is_due_waits_no_longer_where_others_start_without_end() {
        let (mut waiting, begin) = (Waiting::default(), Instant::now());
        let mut told = 0;
        for turn in 0..10_u32 {
            let now = begin + PART * turn;
            waiting.remove(&turn.saturating_sub(1).to_string());
            waiting.add(turn.to_string(), now);
            if waiting.patience(now).is_none() {
                told += 1;
                assert_eq!(ids(&waiting), [turn.to_string()], "who starts is not told of yet");
                assert_eq!(waiting.patience(now), Some(PATIENCE));
            }
        }
        // Every third turn, the first that is a second after the last time.
        assert_eq!(told, 3);
    }
}
