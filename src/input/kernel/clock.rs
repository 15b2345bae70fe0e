//! When a process started, by the engine's word and by the kernel's. May use `text`.

use crate::text::parse_rfc3339;

/// How far the two may be apart, in seconds: the engine notes the time after the process has started, and the kernel's
/// time of boot moves when the clock is set.
const TOLERANCE: i64 = 3;

/// Whether a process that started `ticks` after a boot is the one that the engine started at that time (RFC 3339).
pub(super) fn agrees(ticks: u64, boot: i64, started_at: &str) -> bool {
    start_time(ticks, boot)
        .zip(parse_rfc3339(started_at))
        .is_some_and(|(kernels, engines)| kernels.abs_diff(engines) <= TOLERANCE as u64)
}

/// When a process started, in seconds since 1970, where it did so `ticks` after a boot.
fn start_time(ticks: u64, boot: i64) -> Option<i64> {
    let seconds = i64::try_from(ticks.checked_div(procfs::ticks_per_second())?).ok()?;
    boot.checked_add(seconds)
}

/// Whether a file that changed at that time, in seconds since 1970, did so after the process had started.
pub(super) fn is_later(changed: i64, ticks: u64, boot: i64) -> bool {
    start_time(ticks, boot).is_some_and(|started| changed.saturating_sub(started) > TOLERANCE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_seconds_are_one_time() {
        let ticks = procfs::ticks_per_second();
        for (seconds, same) in [(0, true), (3, true), (4, false), (-3, true), (-4, false)] {
            let boot = 1_709_251_100 + seconds;
            assert_eq!(agrees(100 * ticks, boot, "2024-03-01T00:00:00Z"), same, "{seconds}");
        }
        assert!(is_later(104, 100 * ticks, 0) && !is_later(103, 100 * ticks, 0));
        assert!(!agrees(u64::MAX, i64::MAX, "0001-01-01T00:00:00Z"));
    }
}
