//! Sizes and durations, as Compose reads and Go writes them. Pure; uses nothing of this crate.

/// A size with a binary unit (docker/go-units, `RAMInBytes`).
pub(super) fn bytes(text: &str) -> Option<i64> {
    let split = text.rfind(|c: char| c.is_ascii_digit() || c == '.' || c == ' ').map(|at| at + 1)?;
    let (number, unit) = text.split_at(split);
    let size: f64 = number.trim_end_matches(' ').parse().ok()?;
    let unit = unit.to_ascii_lowercase();
    let factor = match unit.trim_end_matches('b').trim_end_matches('i') {
        "" if unit.is_empty() || unit == "b" => 1.0,
        "k" => 1024.0,
        "m" => 1024.0 * 1024.0,
        "g" => 1024.0 * 1024.0 * 1024.0,
        "t" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        "p" => 1024.0 * 1024.0 * 1024.0 * 1024.0 * 1024.0,
        _ => return None,
    };
    let whole = text.parse::<i64>().ok();
    #[expect(clippy::cast_possible_truncation, reason = "Go truncates too")]
    whole.or_else(|| (size >= 0.0).then_some((size * factor) as i64))
}

/// A duration of weeks to nanoseconds (xhit/go-str2duration), in nanoseconds.
pub(super) fn nanoseconds(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total = 0f64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(digits);
        let end = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        let nanos = match unit {
            "ns" => 1.0,
            "us" | "µs" | "μs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "m" => 60e9,
            "h" => 3_600e9,
            "d" => 86_400e9,
            "w" => 604_800e9,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * nanos;
        rest = after;
    }
    #[expect(clippy::cast_possible_truncation, reason = "a cast of a float saturates")]
    let whole = total.round() as i64;
    Some(if negative { -whole } else { whole })
}

/// A duration as Go writes it: `1m30s`, `1.5s`, `500ms`.
pub(super) fn go_duration(nanoseconds: i64) -> String {
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let total = nanoseconds.unsigned_abs();
    let fraction = |value: u64, unit: u64| {
        let digits = format!("{:0width$}", value % unit, width = unit.ilog10() as usize);
        let digits = digits.trim_end_matches('0');
        if digits.is_empty() { (value / unit).to_string() } else { format!("{}.{digits}", value / unit) }
    };
    match total {
        0 => "0s".to_owned(),
        1..1_000 => format!("{sign}{total}ns"),
        1_000..1_000_000 => format!("{sign}{}µs", fraction(total, 1_000)),
        1_000_000..1_000_000_000 => format!("{sign}{}ms", fraction(total, 1_000_000)),
        _ => {
            let minutes = total / 60_000_000_000;
            let seconds = fraction(total % 60_000_000_000, 1_000_000_000);
            match (minutes / 60, minutes % 60) {
                (0, 0) => format!("{sign}{seconds}s"),
                (0, minutes) => format!("{sign}{minutes}m{seconds}s"),
                (hours, minutes) => format!("{sign}{hours}h{minutes}m{seconds}s"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_durations_are_go_s() {
        let sizes = [("1g", 1 << 30), ("1.5k", 1536), ("10MiB", 10 << 20), ("7", 7), ("-1", -1), ("3 b", 3)];
        for (text, wanted) in sizes {
            assert_eq!(bytes(text), Some(wanted), "{text}");
        }
        assert_eq!((bytes("x"), bytes("1x"), bytes("-1k")), (None, None, None));
        let durations = [
            ("90s", "1m30s"),
            ("1h", "1h0m0s"),
            ("1500ms", "1.5s"),
            ("250ms", "250ms"),
            ("1d", "24h0m0s"),
            ("0", "0s"),
        ];
        for (text, wanted) in durations {
            assert_eq!(nanoseconds(text).map(go_duration).as_deref(), Some(wanted), "{text}");
        }
        assert_eq!((nanoseconds(""), nanoseconds("1"), nanoseconds("1x")), (None, None, None));
    }
}
