//! Which known word somebody meant who wrote another one. The one home of strsim.

/// Longer words are not compared: no name here comes near it.
const LONGEST: usize = 64;

/// The known word that is nearest, where it is near enough to be meant: about one letter in three may be wrong.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = word.chars().take(LONGEST + 1).count();
    if length > LONGEST {
        return None;
    }
    let near = known.into_iter().map(|known| (strsim::osa_distance(word, known), known));
    let near = near.filter(|(distance, _)| *distance <= (length / 3).max(1));
    near.min_by_key(|(distance, _)| *distance).map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_that_was_meant_is_found_and_a_strange_one_is_not() {
        let known = ["roles", "guards", "severity", "ignore"];
        let near = |word: &str| nearest(word, known);
        assert_eq!(near("rolse"), Some("roles"));
        assert_eq!(near("guard"), Some("guards"));
        assert_eq!(near("sevrity"), Some("severity"));
        assert_eq!(near("ingore"), Some("ignore"));
        assert_eq!(near("services"), None);
        assert_eq!(near(""), None);
        assert_eq!(near(&"x".repeat(100_000)), None);
    }
}
