//! What is shown of a text that values of variables are part of: the variables' names. Decisions use the text itself.
//! Uses nothing else of this crate.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The shown forms of a text, where a value of a variable is part of it. It tells no two texts apart: all are equal.
#[derive(Debug, Clone, Default)]
pub struct ShownText(Option<Arc<Forms>>);

#[derive(Debug)]
struct Forms {
    /// The text itself.
    text: String,
    /// What is shown where it is a path.
    path: String,
    /// What is shown where it is not.
    word: String,
}

impl ShownText {
    /// The forms of a text; nothing is kept where both are the text itself.
    pub fn new(text: impl Into<String>, path: String, word: String) -> Self {
        let text = text.into();
        let plain = path == text && word == text;
        Self((!plain).then(|| Arc::new(Forms { text, path, word })))
    }

    /// Whether nothing is hidden.
    pub fn is_plain(&self) -> bool {
        self.0.is_none()
    }

    /// The forms of what the text becomes, where each form is changed as the text is.
    #[must_use]
    pub fn becomes(&self, text: &str, change: impl Fn(&str) -> String) -> Self {
        let Some(forms) = &self.0 else { return Self::default() };
        Self::new(text, change(&forms.path), change(&forms.word))
    }

    /// The forms of a part of the text. Where a value makes the text fall into other parts than its form does, the
    /// part is shown as the whole form: less exact, and no value is in it.
    #[must_use]
    pub fn part(&self, part: &str, cut: impl Fn(&str) -> Option<&str>) -> Self {
        let Some(forms) = &self.0 else { return Self::default() };
        let same = cut(&forms.text) == Some(part);
        let of = |form: &str| match cut(form) {
            Some(cut) if same => cut.to_owned(),
            _ => form.to_owned(),
        };
        Self::new(part, of(&forms.path), of(&forms.word))
    }

    /// Whether both are of one text, or of none.
    pub fn is_of_one(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (one, other) => one.is_none() && other.is_none(),
        }
    }

    /// What is shown for what is left of the text, or for anything else where nothing is hidden.
    pub fn whole<'t>(&'t self, text: &'t str) -> &'t str {
        let Some(forms) = &self.0 else { return text };
        if text.ends_with('/') { &forms.path } else { forms.path.trim_end_matches('/') }
    }

    /// What is shown for the text where it is no path.
    pub fn word<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match &self.0 {
            Some(forms) if forms.text == text => Cow::Owned(forms.word.clone()),
            Some(forms) => derived(&forms.text, &forms.word, text).map_or(Cow::Borrowed(text), Cow::Owned),
            None => Cow::Borrowed(text),
        }
    }

    /// What is shown for the text where it is a path of a container, to which `~` means another home.
    pub fn container_path<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match &self.0 {
            Some(forms) if forms.text == text => Cow::Owned(forms.path.clone()),
            _ => Cow::Borrowed(text),
        }
    }

    /// What is shown for a path of the host: the one that the text is, or one below, beside or above it. The home
    /// directory is `~`.
    pub fn path<'t>(&self, path: &'t str) -> Cow<'t, str> {
        let Some(forms) = &self.0 else { return Cow::Borrowed(path) };
        let shown = derived(&forms.text, &forms.path, path);
        shown.map_or(Cow::Borrowed(path), |shown| Cow::Owned(with_tilde(shown)))
    }
}

impl PartialEq for ShownText {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for ShownText {}

impl Hash for ShownText {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl PartialOrd for ShownText {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ShownText {
    fn cmp(&self, _: &Self) -> Ordering {
        Ordering::Equal
    }
}

/// The form of a path made from a text: what the text and its form begin with in place of each other is exchanged.
/// `None` where no value is part of the path.
fn derived(text: &str, form: &str, path: &str) -> Option<String> {
    let tail: usize =
        text.chars().rev().zip(form.chars().rev()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
    let (head, shown) = (text.get(..text.len() - tail)?, form.get(..form.len() - tail)?);
    if let Some(rest) = path.strip_prefix(head) {
        return Some(format!("{shown}{rest}"));
    }
    // A directory above, of which a part of a value is the name.
    let known: usize = text.chars().zip(form.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
    let below = head.strip_prefix(path).filter(|_| path.len() > known)?;
    let steps = below.split('/').filter(|part| !part.is_empty()).count();
    Some(format!("{}{}", shown.trim_end_matches('/'), "/..".repeat(steps)))
}

fn with_tilde(path: String) -> String {
    match path.strip_prefix("${HOME}") {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("~{rest}"),
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, path: &str) -> ShownText {
        ShownText::new(text, path.to_owned(), path.to_owned())
    }

    #[test]
    fn paths_below_beside_and_above_show_no_value() {
        let shown = of("/srv/s3cret/.claude", "/srv/${T}/.claude");
        let cases = [
            ("/srv/s3cret/.claude", "/srv/${T}/.claude"),
            ("/srv/s3cret/.claude/session.lock", "/srv/${T}/.claude/session.lock"),
            ("/srv/s3cret/.claude.lock", "/srv/${T}/.claude.lock"),
            ("/srv/s3cret", "/srv/${T}"),
            ("/srv", "/srv"),
            ("/elsewhere", "/elsewhere"),
        ];
        for (path, wanted) in cases {
            assert_eq!(shown.path(path), wanted, "{path}");
        }
    }

    #[test]
    fn a_value_of_several_components_shows_none_of_them() {
        let shown = of("/home/ci/.claude", "~/.claude");
        assert_eq!(shown.path("/home/ci/.claude.lock"), "~/.claude.lock");
        assert_eq!(shown.path("/home/ci"), "~");
        assert_eq!(shown.path("/home"), "~/..");
        assert_eq!(of("/home/ci/x", "${HOME}/x").path("/home/ci/x/y"), "~/x/y");
        assert_eq!(of("/home/ci/x", "${HOMES}/x").path("/home/ci/x"), "${HOMES}/x");
    }

    #[test]
    fn a_part_that_a_value_splits_is_shown_as_the_whole() {
        let first = |text: &str| text.split(':').next().map(str::len);
        let cut = |text: &'static str| text.get(..first(text)?);
        assert_eq!(of("a:x", "${A}:x").part("a", |text| text.split(':').next()).word("a"), "${A}");
        assert_eq!(of("a:b:x", "${A}:x").part("b", |text| text.split(':').nth(1)).word("b"), "x");
        assert_eq!(of("a:b:x", "${A}:x").part("b", |text| text.split(':').nth(2)).word("b"), "${A}:x");
        assert_eq!(cut("a:b"), Some("a"));
    }
}
