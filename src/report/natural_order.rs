//! Names in the order in which people count: `agent-2` before `agent-10`. Uses nothing else of this crate.

/// A part of a name: digits by their value, anything else as it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum NaturalPart {
    /// A number, by how many digits it has without zeros in front, and those.
    Number(usize, String),
    /// Anything else.
    Text(String),
}

/// What a name is sorted by.
pub fn natural_key(name: &str) -> Vec<NaturalPart> {
    let mut parts = Vec::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let is_digit = first.is_ascii_digit();
        let end = rest.find(|ch: char| ch.is_ascii_digit() != is_digit).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        parts.push(if is_digit {
            let digits = part.trim_start_matches('0');
            NaturalPart::Number(digits.len(), digits.to_owned())
        } else {
            NaturalPart::Text(part.to_owned())
        });
        rest = after;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_are_sorted_by_value() {
        let mut names = vec!["b", "a-10", "a-2", "a", "a-02x", "a-2-1"];
        names.sort_by_key(|name| natural_key(name));
        assert_eq!(names, ["a", "a-2", "a-2-1", "a-02x", "a-10", "b"]);
    }
}
