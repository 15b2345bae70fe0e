//! The text of a file that a RUN writes by `printf`, `echo` or `cat` with a here-document. Uses `source::shell`.

use super::image::{BuildStep, Image, RunStep};
use crate::model::{Invocation, Word};
use crate::text::{Sources, Span};

/// How long such a text may become, in bytes.
const MAX_TEXT: usize = 64 * 1024;
/// Words after which a command may not run, other than as a link of a chain that ends the build where it breaks.
const BRANCHES: [&str; 6] = ["||", "if ", "case ", "for ", "while ", "[ "];
/// Commands that leave a file as it is.
const KEEPERS: [&str; 8] = ["cat", "chmod", "chown", "echo", "ls", "printf", "sh", "bash"];

impl Image {
    /// The text that the RUN at a place writes to an absolute path; `None` where it is not known.
    pub fn written_text(&self, path: &str, span: Span, sources: &Sources) -> Option<String> {
        let ran = self.steps.iter().rev().find_map(|step| match step.as_ref() {
            BuildStep::Run(ran) if ran.span == span => Some(ran),
            _ => None,
        });
        ran?.written_text(path, sources)
    }
}

impl RunStep {
    fn written_text(&self, path: &str, sources: &Sources) -> Option<String> {
        let text = self.command_text();
        if !begins_anew(text, path) {
            return None;
        }
        let may_skip = BRANCHES.iter().any(|word| text.contains(word));
        let mut written: Option<String> = None;
        for call in self.invocations(sources) {
            if call.output.as_ref().and_then(Word::known) == Some(path) {
                let printed = printed_text(call).or_else(|| copied_document(call, text, path));
                let printed = printed.filter(|_| !(call.conditional && may_skip))?;
                let whole = written.get_or_insert_default();
                whole.push_str(&printed);
                if whole.len() > MAX_TEXT {
                    return None;
                }
            } else if written.is_some() && call.argv.iter().any(|word| **word == *path) {
                let program = call.argv.first().map(|word| word.rsplit('/').next().unwrap_or(word));
                program.filter(|program| KEEPERS.contains(program))?;
            }
        }
        written
    }
}

/// Whether the first that a text writes to a path takes the place of what was there.
fn begins_anew(text: &str, path: &str) -> bool {
    let mut before = text.match_indices(path).filter_map(|(at, _)| {
        let before = text.get(..at)?.trim_end_matches(['"', '\'']).trim_end_matches([' ', '\t']);
        before.ends_with('>').then_some(before)
    });
    before.next().is_some_and(|before| !before.ends_with(">>"))
}

/// The here-document that `cat` copies to a path, where nothing of it is the shell's to replace.
fn copied_document(call: &Invocation, text: &str, path: &str) -> Option<String> {
    if call.argv.len() != 1 || call.argv.first().is_none_or(|program| **program != *"cat") {
        return None;
    }
    let mut lines = text.lines();
    let opening = lines.by_ref().find(|line| line.contains("<<") && line.contains(path))?;
    let (_, mark) = opening.split_once("<<")?;
    let (takes_tabs, mark) = mark.strip_prefix('-').map_or((false, mark), |mark| (true, mark));
    let mark = mark.trim_start();
    let is_quoted = mark.starts_with(['\'', '"', '\\']);
    let mark = mark.trim_start_matches(['\'', '"', '\\']);
    let mark =
        mark.split(|ch: char| ch.is_whitespace() || "'\">;&|)".contains(ch)).next().filter(|mark| !mark.is_empty())?;
    let mut document = String::new();
    for line in lines {
        let line = if takes_tabs { line.trim_start_matches('\t') } else { line };
        if line == mark {
            let is_plain = is_quoted || !document.contains(['$', '`', '\\']);
            return is_plain.then_some(document);
        }
        document.push_str(line);
        document.push('\n');
    }
    None
}

/// What a call of `printf` or `echo` prints; `None` where a word of it is not known, and for what is not so plain.
fn printed_text(call: &Invocation) -> Option<String> {
    let words: Option<Vec<&str>> = call.argv.iter().map(Word::known).collect();
    match words?.as_slice() {
        ["printf", "--", format, arguments @ ..] | ["printf", format, arguments @ ..] => formatted(format, arguments),
        ["echo", words @ ..] => {
            // Shells do not agree on what a backslash is there.
            let is_plain =
                words.iter().all(|word| !word.contains('\\')) && !words.iter().any(|word| matches!(*word, "-e" | "-n"));
            is_plain.then(|| format!("{}\n", words.join(" ")))
        }
        _ => None,
    }
}

/// The format of `printf` filled in, as often as there are arguments for it.
fn formatted(format: &str, arguments: &[&str]) -> Option<String> {
    let mut text = String::new();
    let mut rest = arguments.iter();
    loop {
        let before = rest.len();
        let mut chars = format.chars();
        while let Some(ch) = chars.next() {
            match ch {
                '%' => match chars.next()? {
                    's' => text.push_str(rest.next().copied().unwrap_or_default()),
                    '%' => text.push('%'),
                    _ => return None,
                },
                '\\' => text.push(match chars.next()? {
                    'n' => '\n',
                    't' => '\t',
                    '\\' => '\\',
                    '"' => '"',
                    '\'' => '\'',
                    _ => return None,
                }),
                other => text.push(other),
            }
        }
        if rest.len() == 0 {
            return Some(text);
        }
        if rest.len() == before || text.len() > MAX_TEXT {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_used_as_often_as_there_are_arguments() {
        assert_eq!(formatted("%s\\n", &["a", "b"]).as_deref(), Some("a\nb\n"));
        assert_eq!(formatted("#!/bin/sh\\nexec x \"$@\"\\n", &[]).as_deref(), Some("#!/bin/sh\nexec x \"$@\"\n"));
        assert_eq!(formatted("%d", &["1"]), None);
        assert_eq!(formatted("plain", &["1"]), None);
    }

    #[test]
    fn what_is_added_to_a_file_is_not_all_of_it() {
        assert!(begins_anew("printf x > /e && echo y >> /e", "/e"));
        assert!(begins_anew("printf x >\"/e\"", "/e"));
        assert!(!begins_anew("echo y >> /e && chmod +x /e", "/e"));
        assert!(!begins_anew("chmod +x /e", "/e"));
    }
}
