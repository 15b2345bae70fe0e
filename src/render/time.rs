//! Points in time, for people. Uses nothing else of this crate.

const MINUTE: i64 = 60;
const DAY: i64 = 24 * 60 * MINUTE;

/// Seconds since 1970 as `YYYY-MM-DD HH:MM`, in UTC.
pub fn utc(seconds: i64) -> String {
    let (year, month, day) = civil(seconds.div_euclid(DAY));
    let minutes = seconds.rem_euclid(DAY) / MINUTE;
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}", minutes / 60, minutes % 60)
}

/// The date of a day counted from the first one of 1970, as Howard Hinnant's `civil_from_days` does: years begin in March,
/// so that the leap day is the last one, and repeat every 400.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
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
            assert_eq!(utc(seconds), wanted);
        }
    }

    #[test]
    fn no_second_is_too_far() {
        assert!(utc(i64::MAX).ends_with(":30") && utc(i64::MIN).ends_with(":29"));
    }
}
