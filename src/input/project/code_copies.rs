//! Copies of files that code makes by functions of its language: `shutil` of Python, `fs` of Node. Uses `code_files`,
//! `planned_files` and `program_names`.

use super::code_files::code_files;
use super::planned_files::PlannedFiles;
use crate::input::program_names::ProgramNames;
use crate::input::shell::file_system::find_word;
use crate::model::{Invocation, Unseen, Word, program_name};
use crate::text::{SourceFile, Span};

/// Functions that copy or move a file to another path, and whether all that is in a directory comes along.
#[rustfmt::skip]
const COPIERS: [(&str, bool); 14] = [
    ("shutil.copytree", true), ("shutil.copy", false), ("shutil.copy2", false), ("shutil.copyfile", false),
    ("shutil.move", true), ("os.link", false), ("os.rename", true), ("os.replace", true), ("copytree", true),
    ("copyfile", false), ("cpSync", true), ("fs.cp", true), ("copyFileSync", false), ("copyFile", false),
];
/// How far the words of a call may go, in bytes.
const MAX_ARGUMENTS: usize = 600;
/// Calls that are looked at in one file.
const MAX_CALLS: usize = 200;
/// Copies that are kept of one container.
const MAX_COPIES: usize = 50;

/// What the code of a container copies.
#[derive(Default)]
pub(super) struct CodeCopies {
    /// Copies between paths that are known, as commands that do the same.
    pub(super) copies: Vec<Invocation>,
    /// Copies of somebody's state of which a path is not known.
    pub(super) unknown: Option<Unseen>,
}

/// The copies in the code that a container was seen to run.
pub(super) fn copies_in_code(files: &PlannedFiles<'_>) -> CodeCopies {
    let names = files.repository.programs;
    let mut found = CodeCopies::default();
    for file in code_files(files) {
        let source = files.repository.sources.get(file);
        let span = |at: usize| Span::at(file, source.position(at));
        add_copies(source.text(), &span, &source, names, &mut found);
    }
    // Code that is a word of a command.
    for call in &files.container.script.invocations {
        for text in inline_code(call) {
            let source = files.repository.sources.get(call.span.file);
            add_copies(&text, &|_| call.span, &source, names, &mut found);
        }
    }
    found
}

/// The code that an interpreter is given by its words.
fn inline_code(call: &Invocation) -> Vec<String> {
    let name = program_name(call);
    if !name.starts_with("python") && !matches!(name, "node" | "bun" | "deno") {
        return Vec::new();
    }
    let words = call.argv.iter().skip(1).zip(call.argv.iter().skip(2));
    let given = words.filter(|(option, _)| matches!(&***option, "-c" | "-e" | "--eval" | "-ce"));
    given.filter_map(|(_, text)| text.known().map(str::to_owned)).collect()
}

fn add_copies(
    text: &str,
    span: &dyn Fn(usize) -> Span,
    source: &SourceFile,
    names: &ProgramNames,
    found: &mut CodeCopies,
) {
    for (at, arguments, whole) in calls_in(text).into_iter().take(MAX_CALLS) {
        let parts = split_arguments(arguments);
        let [from, to, rest @ ..] = parts.as_slice() else { continue };
        let span = span(at);
        // Something may be left out.
        let is_filtered = rest.iter().any(|word| word.contains("ignore") || word.contains("filter"));
        match (path_of(from, text), path_of(to, text)) {
            (Some(from), Some(to)) if !is_filtered => {
                let words = ["cp", if whole { "-r" } else { "-f" }];
                let argv = words.map(Word::literal).into_iter().chain([Word::parse(&from), Word::parse(&to)]);
                if found.copies.len() < MAX_COPIES {
                    let argv = argv.collect();
                    found.copies.push(Invocation { argv, conditional: true, span, ..Invocation::default() });
                }
            }
            _ if [from, to].iter().any(|word| is_other_file(word, text, names)) => {}
            _ if [from, to].iter().any(|word| names_state(word, text, names)) => {
                let what = format!(
                    "{}:{} copies what may be a login, from where or to where was not worked out",
                    source.name(),
                    span.start.line
                );
                found.unknown.get_or_insert(Unseen { what, span });
            }
            _ => {}
        }
    }
}

/// The calls of functions that copy: where each is, its arguments, and whether directories come along.
fn calls_in(text: &str) -> Vec<(usize, &str, bool)> {
    let mut found: Vec<(usize, &str, bool)> = Vec::new();
    for (name, whole) in COPIERS {
        for (at, _) in text.match_indices(name) {
            let is_part = |ch: char| {
                ch.is_alphanumeric() || ch == '_' || ch == '.' && !name.contains("Sync") && name != "copyFile"
            };
            let begins = text.get(..at).is_some_and(|before| !before.ends_with(is_part));
            let Some(rest) = text.get(at + name.len()..).and_then(|rest| rest.strip_prefix('(')) else { continue };
            if begins && let Some(arguments) = in_brackets(rest) {
                found.push((at, arguments, whole));
            }
        }
    }
    found
}

/// What is before the bracket that closes.
fn in_brackets(text: &str) -> Option<&str> {
    let mut depth = 1_usize;
    for (at, ch) in text.char_indices().take(MAX_ARGUMENTS) {
        match ch {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return text.get(..at);
        }
    }
    None
}

/// The arguments of a call.
fn split_arguments(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut from, mut quote) = (Vec::new(), 0_usize, 0, None);
    for (at, ch) in text.char_indices() {
        match ch {
            _ if quote == Some(ch) => quote = None,
            _ if quote.is_some() => {}
            '"' | '\'' | '`' => quote = Some(ch),
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(text.get(from..at).unwrap_or_default().trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text.get(from..).unwrap_or_default().trim());
    parts.retain(|part| !part.is_empty());
    parts
}

/// The path that an argument is: a text, what is made of the home, or a name that is set to one once.
fn path_of(argument: &str, text: &str) -> Option<String> {
    if let Some(path) = literal_path(argument) {
        return Some(path);
    }
    literal_path(value_of(argument, text)?)
}

fn literal_path(argument: &str) -> Option<String> {
    let argument = argument.trim().trim_end_matches(';');
    for wrapper in ["os.path.expanduser(", "Path(", "pathlib.Path(", "str(", "os.fspath("] {
        if let Some(inner) = argument.strip_prefix(wrapper).and_then(|rest| rest.strip_suffix(')')) {
            return literal_path(inner);
        }
    }
    for home in ["Path.home()", "pathlib.Path.home()"] {
        if let Some(below) = argument.strip_prefix(home) {
            let mut path = "$HOME".to_owned();
            for part in below.split('/').map(str::trim).filter(|part| !part.is_empty()) {
                path.push('/');
                path.push_str(quoted(part)?);
            }
            return Some(path);
        }
    }
    let path = quoted(argument)?;
    Some(path.strip_prefix("~/").map_or_else(|| path.to_owned(), |below| format!("$HOME/{below}")))
}

/// A text between quotes, without anything that would be put in.
fn quoted(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|ch| matches!(ch, '"' | '\'' | '`'))?;
    let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
    (!inner.is_empty() && !inner.contains([quote, '$', '\\', '{', '\n'])).then_some(inner)
}

/// What a name is set to, where that is done once.
fn value_of<'t>(name: &str, text: &'t str) -> Option<&'t str> {
    let is_name = |ch: char| ch.is_alphanumeric() || ch == '_';
    if name.is_empty() || !name.chars().all(is_name) {
        return None;
    }
    let mut values = text.lines().filter_map(|line| {
        let line = line.trim();
        let line = ["const ", "let ", "var "].iter().find_map(|word| line.strip_prefix(word)).unwrap_or(line);
        let value = line.strip_prefix(name)?.trim_start().strip_prefix('=')?;
        (!value.starts_with('=')).then_some(value.trim())
    });
    let value = values.next()?;
    values.next().is_none().then_some(value)
}

/// Whether the path that an argument is ends in the name of a file that holds no login, whatever is before it.
fn is_other_file(argument: &str, text: &str, names: &ProgramNames) -> bool {
    let value = value_of(argument, text).unwrap_or(argument).trim_end_matches([')', ';', ' ']);
    let Some(quote) = value.chars().last().filter(|ch| matches!(ch, '"' | '\'' | '`')) else { return false };
    let mut parts = value.rsplit(quote);
    let name = parts.nth(1).and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    let has_ending = name.get(1..).is_some_and(|rest| rest.contains('.')) && !name.contains(['{', '}', '$', '\\']);
    has_ending && names.credentials.iter().all(|known| find_word(name, known).is_none())
}

/// Whether an argument, or what it is set to, names somebody's state or login.
fn names_state(argument: &str, text: &str, names: &ProgramNames) -> bool {
    let value = value_of(argument, text).unwrap_or(argument);
    names.have_state_named_in(value) || names.credentials.iter().any(|name| find_word(value, name).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copies(text: &str) -> Vec<(Option<String>, Option<String>)> {
        let calls = calls_in(text).into_iter();
        let pair = |(_, arguments, _): (usize, &str, bool)| {
            let parts = split_arguments(arguments);
            Some((path_of(parts.first()?, text), path_of(parts.get(1)?, text)))
        };
        calls.filter_map(pair).collect()
    }

    fn known(from: &str, to: &str) -> Vec<(Option<String>, Option<String>)> {
        vec![(Some(from.to_owned()), Some(to.to_owned()))]
    }

    #[test]
    fn paths_of_copies_are_read_where_they_are_written_out() {
        assert_eq!(copies("shutil.copytree('/a', \"/b\", dirs_exist_ok=True)"), known("/a", "/b"));
        assert_eq!(copies("from shutil import copytree\ncopytree('/a', '/b')"), known("/a", "/b"));
        assert_eq!(copies("fs.cpSync('/a', '/b', {recursive: true})"), known("/a", "/b"));
        assert_eq!(copies("SRC = '/a'\nshutil.copy(SRC, Path.home() / '.b')"), known("/a", "$HOME/.b"));
        assert_eq!(copies("shutil.copy(os.path.expanduser('~/a'), '/b')"), known("$HOME/a", "/b"));
        assert_eq!(copies("shutil.copy(source, f'/b/{name}')"), vec![(None, None)]);
        assert_eq!(copies("my_copytree('/a', '/b')"), vec![]);
        assert_eq!(copies("shutil.copy('/a'"), vec![]);
    }
}
