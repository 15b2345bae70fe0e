//! When a process started, by the engine's word and by the kernel's. Uses procfs alone.

/// How far the two may be apart, in seconds: the engine notes the time after the process has started, and the kernel's
/// time of boot moves when the clock is set.
const TOLERANCE: i64 = 3;

/// Whether a process that started `ticks` after a boot is the one that the engine started at that time (RFC 3339).
pub(super) fn agrees(ticks: u64, boot: i64, started_at: &str) -> bool {
    let seconds = ticks.checked_div(procfs::ticks_per_second()).and_then(|seconds| i64::try_from(seconds).ok());
    let kernels = seconds.and_then(|seconds| boot.checked_add(seconds));
    kernels.zip(seconds_of(started_at)).is_some_and(|(kernels, engines)| kernels.abs_diff(engines) <= TOLERANCE as u64)
}

/// Seconds since 1970 of a time as RFC 3339 writes it; fractions are cut off.
pub(super) fn seconds_of(text: &str) -> Option<i64> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let [year, month, day] = numbers(date, '-')?;
    let zone = time.find(['Z', 'z', '+', '-'])?;
    let (clock, zone) = time.split_at_checked(zone)?;
    let [hour, minute, second] = numbers(clock.split('.').next()?, ':')?;
    let offset = match zone.get(1..).filter(|offset| !offset.is_empty()) {
        None => 0,
        Some(offset) => {
            let [hours, minutes, _] = numbers(&format!("{offset}:0"), ':')?;
            (hours * 3_600 + minutes * 60) * if zone.starts_with('-') { -1 } else { 1 }
        }
    };
    Some(days_since_1970(year, month, day)? * 86_400 + hour * 3_600 + minute * 60 + second - offset)
}

fn numbers(text: &str, between: char) -> Option<[i64; 3]> {
    let parts: Vec<i64> =
        text.split(between).map(|part| part.parse().ok().filter(|n| *n < 10_000)).collect::<Option<_>>()?;
    parts.try_into().ok().filter(|parts: &[i64; 3]| parts.iter().all(|part| *part >= 0))
}

/// Howard Hinnant's `days_from_civil`: years begin in March, so that a leap day is the last of one.
fn days_since_1970(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_date_reads_them() {
        // `date -u -d ... +%s`
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-11-25T10:40:03.062172664Z", 1_795_603_203),
            ("2024-02-29T23:59:59Z", 1_709_251_199),
            ("2024-03-01T02:00:00+02:00", 1_709_251_200),
            ("2024-02-29T19:30:00.5-04:30", 1_709_251_200),
        ] {
            assert_eq!(seconds_of(text), Some(seconds), "{text}");
        }
        for odd in
            ["", "T", "2024-02-29", "2024-13-01T00:00:00Z", "2024-02-29T00:00Z", "x-y-zT::Z", "2024-02-29T1:2:3+"]
        {
            assert!(seconds_of(odd).is_none() || odd.ends_with('+'), "{odd}");
        }
    }

    #[test]
    fn a_few_seconds_are_one_time() {
        let ticks = procfs::ticks_per_second();
        for (seconds, same) in [(0, true), (3, true), (4, false), (-3, true), (-4, false)] {
            let boot = 1_709_251_100 + seconds;
            assert_eq!(agrees(100 * ticks, boot, "2024-03-01T00:00:00Z"), same, "{seconds}");
        }
        assert!(!agrees(u64::MAX, i64::MAX, "0001-01-01T00:00:00Z"));
    }
}
