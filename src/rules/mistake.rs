//! What serde says of a rule file, without what it repeats of the file. Uses `text`.

use crate::text::quotable;

/// Ways in which serde begins to tell what it found; each then says what it expected, in words of ours.
const FOUND: [&str; 5] =
    ["invalid type: ", "invalid value: ", "invalid length ", "unknown field `", "unknown variant `"];

/// A message of serde's that quotes nothing but a word. What it expected is in our own types.
pub(super) fn message(told: &str) -> String {
    let told = told.rsplit_once(" at line ").map_or(told, |(message, _)| message);
    let named = |kind: &str| {
        Some(told.rsplit_once(kind)?.1.split('`').next()?.to_owned()).filter(|name| quotable(name).is_some())
    };
    if FOUND.iter().any(|found| told.contains(found))
        && let Some((before, expected)) = told.rsplit_once(", expected ")
    {
        let unknown = [("unknown field `", "field"), ("unknown variant `", "value")];
        let unknown = unknown.iter().find(|(kind, _)| before.contains(kind));
        return match unknown {
            Some((kind, what)) => match before.split_once(kind).and_then(|(_, name)| quotable(name.strip_suffix('`')?))
            {
                Some(name) => format!("unknown {what} `{name}`, expected {expected}"),
                None => format!("a {what} that is not known and not a word, expected {expected}"),
            },
            None => format!("this is something else than was expected: {expected}"),
        };
    }
    if let Some(field) = named("missing field `") {
        return format!("missing field `{field}`");
    }
    if let Some(field) = named("duplicate field `") {
        return format!("duplicate field `{field}`");
    }
    "this is not YAML that a rule file may hold; check its indentation, and that no key occurs twice".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_of_a_file_are_repeated() {
        for (told, wanted) in [
            (
                "locks[0]: unknown field `pth`, expected one of `id`, `path` at line 3 column 1",
                "unknown field `pth`, expected one of `id`, `path`",
            ),
            (
                "unknown field `key: s3cret`, expected `id` at line 1 column 1",
                "a field that is not known and not a word, expected `id`",
            ),
            (
                "s3cret key: invalid type: string \"s3cret\", expected u64 at line 1 column 1",
                "this is something else than was expected: u64",
            ),
            ("missing field `id` at line 1 column 1", "missing field `id`"),
            (
                "unknown variant `mkdr`, expected `mkdir` or `flock`",
                "unknown variant `mkdr`, expected `mkdir` or `flock`",
            ),
        ] {
            let message = message(told);
            assert!(message == wanted || message == wanted.replace("variant", "value"), "{message}");
        }
        for secret in ["unexpected character 's3cret' at line 1", "s3cret", "duplicate entry with key \"s3cret\""] {
            assert!(!message(secret).contains("s3cret"));
        }
    }
}
