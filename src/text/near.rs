//! Which known word somebody meant who wrote another one. Uses nothing else of this crate.

/// Longer words are not compared: no name here comes near it.
const LONGEST: usize = 64;

/// The known word that is nearest, where it is near enough to be meant: about one letter in three may be wrong.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = word.chars().take(LONGEST + 1).collect();
    if word.len() > LONGEST {
        return None;
    }
    let allowed = (word.len() / 3).max(1);
    let near = known.into_iter().map(|known| (distance(&word, &known.chars().collect::<Vec<_>>()), known));
    near.filter(|(distance, _)| *distance <= allowed).min_by_key(|(distance, _)| *distance).map(|(_, known)| known)
}

/// How many letters have to be put in, taken away, replaced or swapped with the next to make one word of the other.
fn distance(one: &[char], two: &[char]) -> usize {
    let mut above: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=two.len()).collect();
    for (at, ch) in one.iter().enumerate() {
        let mut next = vec![at + 1];
        for (number, other) in two.iter().enumerate() {
            let cell = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX - 1);
            let mut least = (cell(&row, number) + usize::from(ch != other))
                .min(cell(&row, number + 1) + 1)
                .min(cell(&next, number) + 1);
            let swapped = at > 0 && number > 0 && one.get(at - 1) == Some(other) && two.get(number - 1) == Some(ch);
            if swapped {
                least = least.min(cell(&above, number - 1) + 1);
            }
            next.push(least);
        }
        above = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or(0)
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
