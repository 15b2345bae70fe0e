//! The short syntax of a service's volumes (Compose spec, "volumes: short syntax"). Pure. May use `text`.

use std::rc::Rc;

use super::mount::cleaned_form;
use super::tree::{entry, mapping, typed};
use crate::model::clean;
use crate::text::ShownText;
use crate::text::yaml::{Data, Entry, Node, Scalar};

/// The parts of the short syntax.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Spec<'a> {
    pub(super) source: Option<&'a str>,
    /// As it is written; empty where Compose reads none.
    pub(super) target: &'a str,
    /// What follows the second colon.
    options: &'a str,
    /// Whether the text is too short for anything but a target.
    bare: bool,
}

/// `SOURCE:TARGET:OPTIONS`. To Compose a single letter before a colon is a Windows drive, wherever it stands. Colons
/// within `${…}` are no separators.
///
/// # Errors
/// Why Compose refuses it.
pub(super) fn parse(text: &str) -> Result<Spec<'_>, &'static str> {
    match text.len() {
        0 => return Err("an empty volume; it needs at least a target"),
        1 | 2 => return Ok(Spec { target: text, bare: true, ..Spec::default() }),
        _ => {}
    }
    let mut parts: Vec<&str> = Vec::new();
    let (mut start, mut depth) = (0, 0usize);
    for (at, character) in text.char_indices() {
        match character {
            '$' if text.get(at + 1..).is_some_and(|rest| rest.starts_with('{')) => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => {
                let part = text.get(start..at).unwrap_or("");
                if !is_letter(part) {
                    parts.push(part);
                    start = at + 1;
                }
            }
            _ => {}
        }
    }
    // Within a `${` that is never closed nothing ends, not even the text.
    if depth == 0 {
        parts.push(text.get(start..).unwrap_or(""));
    }
    if parts.iter().any(|part| part.is_empty()) {
        return Err("nothing stands between two colons, or before or after one");
    }
    match *parts.as_slice() {
        [] => Ok(Spec::default()),
        [target] => Ok(Spec { target, ..Spec::default() }),
        [source, target] => Ok(Spec { source: Some(source), target, ..Spec::default() }),
        [source, target, options] => Ok(Spec { source: Some(source), target, options, bare: false }),
        _ => Err("more than three parts; they are source, target and options"),
    }
}

fn is_letter(part: &str) -> bool {
    let mut letters = part.chars();
    letters.next().is_some_and(char::is_alphabetic) && letters.next().is_none()
}

/// Whether a source is a path of the host and no volume's name.
pub(super) fn is_path(source: &str) -> bool {
    let mut characters = source.chars();
    let first = characters.next();
    source.starts_with(['.', '/', '~'])
        || source.starts_with("\\\\")
        || (first.is_some_and(char::is_alphabetic) && characters.next() == Some(':'))
}

/// Whether a path is absolute on Windows: a drive and a separator, or two separators.
pub(super) fn is_windows_absolute(path: &str) -> bool {
    let is_separator = |byte: &u8| matches!(byte, b'\\' | b'/');
    match path.as_bytes() {
        [first, second, ..] if is_separator(first) && is_separator(second) => true,
        [_, b':', third, ..] => is_separator(third),
        _ => false,
    }
}

/// The long syntax of a volume in the short one, each part where the whole is written.
///
/// # Errors
/// Why Compose refuses it.
pub(super) fn canonical(item: &Rc<Node>, scalar: &Scalar) -> Result<Rc<Node>, &'static str> {
    let spec = parse(&scalar.text)?;
    let span = item.span;
    let part = |text: String, shown: ShownText| {
        let symbols = scalar.symbols.iter().filter(|symbol| text.contains(&format!("${{{}}}", symbol.name)));
        let symbols = symbols.cloned().collect();
        Rc::new(Node::new(span, Data::Scalar(Scalar { text, symbols, plain: false, quoted: scalar.quoted, shown })))
    };
    let of = |key: &str, text: &str, shown: ShownText| entry(key, span, part(text.to_owned(), shown));
    let on = |key: &str| entry(key, span, typed(span, "true"));
    let is_bind = spec.source.is_some_and(is_path);
    let mut entries = vec![of("type", if is_bind { "bind" } else { "volume" }, ShownText::default())];
    entries.extend(
        spec.source.map(|source| of("source", source, scalar.shown.part(source, |text| parse(text).ok()?.source))),
    );
    let target = if spec.target.is_empty() { String::new() } else { clean(spec.target) };
    let shown = scalar.shown.part(spec.target, |text| Some(parse(text).ok()?.target));
    let shown = shown.becomes(&target, cleaned_form);
    entries.push(entry("target", span, part(target, shown)));
    let (mut read_only, mut bind, mut volume): (bool, Vec<Entry>, Vec<Entry>) = (false, Vec::new(), Vec::new());
    for option in spec.options.split(',') {
        let set = |options: &mut Vec<Entry>, key: &str| {
            options.retain(|entry| entry.key != key);
            options.push(of(key, option, ShownText::default()));
        };
        match option {
            "ro" => read_only = true,
            "rw" => read_only = false,
            "nocopy" => volume = vec![on("nocopy")],
            "z" | "Z" => set(&mut bind, "selinux"),
            "rprivate" | "private" | "rshared" | "shared" | "rslave" | "slave" => set(&mut bind, "propagation"),
            // Compose ignores what it does not know.
            _ => {}
        }
    }
    if read_only {
        entries.push(on("read_only"));
    }
    if is_bind {
        bind.push(on("create_host_path"));
    }
    if is_bind || !bind.is_empty() {
        entries.push(entry("bind", span, mapping(span, bind)));
    }
    if (!is_bind && !spec.bare) || !volume.is_empty() {
        entries.push(entry("volume", span, mapping(span, volume)));
    }
    Ok(mapping(span, entries))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_syntax_in_parts() {
        let parts = |text| parse(text).map(|spec| (spec.source, spec.target, spec.options));
        assert_eq!(parts("/data"), Ok((None, "/data", "")));
        assert_eq!(parts("vol:/data"), Ok((Some("vol"), "/data", "")));
        assert_eq!(parts("~/.claude:/c:ro,z"), Ok((Some("~/.claude"), "/c", "ro,z")));
        assert_eq!(parts("C:\\x:/c"), Ok((Some("C:\\x"), "/c", "")));
        assert_eq!(parts("v:/c"), Ok((None, "v:/c", "")));
        assert_eq!(parts("vv:/c:ro"), Ok((Some("vv"), "/c", "ro")));
        assert_eq!(parts("${X}:/c"), Ok((Some("${X}"), "/c", "")));
        assert_eq!(parts("/c"), Ok((None, "/c", "")));
        for text in ["", "a1:", ":/c", "a1::/c", "a1:/b:ro:x1"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn paths_and_names() {
        assert!(["./x", "/x", "~", "..", "C:\\x", "c:x", "\\\\host\\share"].into_iter().all(is_path));
        assert!(!["x", "name/with", "${X}", "\\x"].into_iter().any(is_path));
        assert!(is_windows_absolute("C:/x") && is_windows_absolute("\\\\h\\s") && !is_windows_absolute("C:x"));
    }
}
