//! What a scalar is: YAML's core schema with the additions of go-yaml v3, which Docker Compose reads its files with.
//! Pure; uses nothing else of this crate.

use std::fmt;

/// A scalar's value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Nothing, `~` or `null`.
    Null,
    /// `true` or `false` in three spellings; `yes` and `on` are text.
    Bool(bool),
    /// A whole number of 64 bits, also written in octal, hexadecimal or binary.
    Int(i128),
    /// Any other number.
    Float(f64),
    /// A date, with or without a time.
    Time,
    /// Anything else, and everything that is quoted.
    Text,
}

/// The kind of a scalar that is written without quotes.
pub fn kind(text: &str) -> Kind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Kind::Null,
        "true" | "True" | "TRUE" => Kind::Bool(true),
        "false" | "False" | "FALSE" => Kind::Bool(false),
        _ if text.starts_with(['+', '-', '.']) || text.starts_with(|c: char| c.is_ascii_digit()) => number(text),
        _ => Kind::Text,
    }
}

fn number(text: &str) -> Kind {
    if is_time(text) {
        return Kind::Time;
    }
    let (negative, digits) = match text.strip_prefix(['-', '+']) {
        Some(digits) => (text.starts_with('-'), digits),
        None => (false, text),
    };
    match digits {
        ".inf" | ".Inf" | ".INF" => return Kind::Float(if negative { f64::NEG_INFINITY } else { f64::INFINITY }),
        ".nan" | ".NaN" | ".NAN" if digits.len() == text.len() => return Kind::Float(f64::NAN),
        _ => {}
    }
    let bare = digits.replace('_', "");
    if let Some(whole) = whole(&bare).map(|whole| if negative { -whole } else { whole })
        && (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(&whole)
    {
        return Kind::Int(whole);
    }
    match float(&bare) {
        Some(value) => Kind::Float(if negative { -value } else { value }),
        None => Kind::Text,
    }
}

fn whole(bare: &str) -> Option<i128> {
    let radix = |radix, digits: &str| {
        let first = digits.as_bytes().first()?;
        first.is_ascii_alphanumeric().then(|| i128::from_str_radix(digits, radix).ok())?
    };
    match bare.get(..2) {
        Some("0x" | "0X") => radix(16, bare.get(2..)?),
        Some("0o" | "0O") => radix(8, bare.get(2..)?),
        Some("0b" | "0B") => radix(2, bare.get(2..)?),
        _ if !bare.bytes().all(|byte| byte.is_ascii_digit()) => None,
        // A leading zero is octal; where it cannot be, the number is a float.
        _ if bare.len() > 1 && bare.starts_with('0') => radix(8, bare),
        _ => radix(10, bare),
    }
}

fn float(bare: &str) -> Option<f64> {
    let first = bare.strip_prefix('.').unwrap_or(bare).bytes().next()?;
    let only = bare.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'));
    // What is too large for a float is text.
    bare.parse().ok().filter(|value: &f64| only && first.is_ascii_digit() && value.is_finite())
}

/// `2006-1-2`, alone or followed by a time.
fn is_time(text: &str) -> bool {
    let (date, time) = text.split_once(['T', 't', ' ']).map_or((text, None), |(date, time)| (date, Some(time)));
    let parts: Vec<&str> = date.split('-').collect();
    let number = |part: &&str, most: usize, range: std::ops::RangeInclusive<u32>| {
        part.len() <= most
            && part.bytes().all(|byte| byte.is_ascii_digit())
            && part.parse().is_ok_and(|value| range.contains(&value))
    };
    let [year, month, day] = parts.as_slice() else { return false };
    let is_date = year.len() == 4 && number(year, 4, 0..=9999) && number(month, 2, 1..=12) && number(day, 2, 1..=31);
    is_date
        && time.is_none_or(|time| {
            let clock = time.trim_end_matches('Z').split(['+', '.']).next().unwrap_or("");
            let clock = clock.split('-').next().unwrap_or("");
            clock.split(':').count() == 3 && clock.split(':').all(|part| number(&part, 2, 0..=60))
        })
}

/// As Go's `%v` writes the value, which is how Compose makes text of it. Text and times have no such form here.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("<nil>"),
            Self::Bool(on) => write!(f, "{on}"),
            Self::Int(whole) => write!(f, "{whole}"),
            Self::Float(value) => f.write_str(&shortest(*value)),
            Self::Time | Self::Text => Ok(()),
        }
    }
}

/// A float as Go writes it: shortest digits, an exponent below 1e-4 and from 1e6 on.
fn shortest(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    if value.is_nan() {
        return "NaN".to_owned();
    }
    let scientific = format!("{value:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..6).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.abs())
        }
        _ => format!("{value}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_docker_compose_writes_them() {
        let cases = [
            ("0755", "493"),
            ("0o17", "15"),
            ("0b11", "3"),
            (".5", "0.5"),
            ("1.", "1"),
            ("+1", "1"),
            ("-0", "0"),
            ("1e+3", "1000"),
            (".inf", "+Inf"),
            ("12345678901234567890", "12345678901234567890"),
            ("1.0", "1"),
            ("123456789012345678901234567890", "1.2345678901234568e+29"),
            ("1e21", "1e+21"),
            ("1.5e-7", "1.5e-07"),
            ("-12", "-12"),
            ("08", "8"),
            ("1_0.5", "10.5"),
            ("TRUE", "true"),
            ("100000000.0", "1e+08"),
            ("1234567.891", "1.234567891e+06"),
            ("0x_1F", "31"),
        ];
        for (text, wanted) in cases {
            assert_eq!(kind(text).to_string(), wanted, "{text}");
        }
        for text in ["on", "1.2.3", "e5", "-", "0x", "2.1.98", "inf", "NaN", "1-2", "2024-13-01", "+.nan", "1e400"] {
            assert_eq!(kind(text), Kind::Text, "{text}");
        }
        for text in
            ["2024-01-31", "2024-1-3", "2024-01-31T10:20:30Z", "2024-01-31 10:20:30.5", "2024-01-31t10:20:30+01:00"]
        {
            assert_eq!(kind(text), Kind::Time, "{text}");
        }
        assert_eq!(kind(""), Kind::Null);
    }
}
