//! Texts that describe services and that scripts write into files: where each goes, and what later commands change of it.
//! Uses `stream_edits` and `project`'s repository.

use std::collections::HashSet;
use std::path::Path;

use super::stream_edits::substitutions_of_call;
use crate::input::docker_cli::is_engine_program;
use crate::input::project::Repository;
use crate::input::shell::{is_in_key, name_for};
use crate::input::start_words::is_printer;
use crate::model::{Invocation, Script, Word, WrittenServices, join, operands, program_name};
use crate::text::Span;

/// Programs that leave the file as it is that they are given.
const READING: [&str; 32] = [
    "[",
    "[[",
    "awk",
    "basename",
    "cat",
    "chgrp",
    "chmod",
    "chown",
    "cksum",
    "cmp",
    "curl",
    "diff",
    "dirname",
    "du",
    "egrep",
    "envsubst",
    "file",
    "git",
    "grep",
    "head",
    "less",
    "ls",
    "md5sum",
    "more",
    "readlink",
    "realpath",
    "rm",
    "scp",
    "sha256sum",
    "stat",
    "tail",
    "test",
];

/// What in a compose file means something else where the file is elsewhere.
const BESIDE_THE_FILE: [&str; 7] = ["./", "build:", "env_file:", "extends:", "include:", "file:", "context:"];

/// A text that describes services and that a script writes into a file.
#[derive(Debug)]
pub(in crate::input) struct WrittenText {
    /// The text; `None` where it cannot be told apart from what stands around it, or where it goes matters and is not known.
    pub(in crate::input) placed: Option<PlacedText>,
    /// The script that writes it.
    pub(in crate::input) script: String,
    /// Where its first line stands: a text that one script writes to a place that is not known may be known of another.
    pub(in crate::input) span: Span,
    /// The file as the script has it.
    file: String,
    /// The file for a sentence: "the file `compose.yaml`", or "a file".
    pub(in crate::input) told: String,
    /// Whether it is taken for a file beside the script, since where it is written is not known and does not matter.
    pub(in crate::input) is_placed_here: bool,
    /// Whether its lines were not read at all, wherever it goes: a value of several lines is put into it.
    pub(in crate::input) is_unread: bool,
    /// What changes it afterwards that is not understood, each as a clause.
    pub(in crate::input) changes: Vec<String>,
    /// Whether there is no clean answer without it.
    pub(in crate::input) counts: bool,
}

/// A text whose lines are those of the script.
#[derive(Debug)]
pub(in crate::input) struct PlacedText {
    /// The file, absolute.
    pub(in crate::input) path: String,
    /// The text; around it are empty lines, so that each has the number that it has in the script.
    pub(in crate::input) text: String,
    /// Variables in it of which the script knows no value, and where each is put in.
    pub(in crate::input) unknown: Vec<(String, String)>,
    commands_before: usize,
}

/// The texts that a script writes; what is put behind one is a part of it.
pub(super) fn find_written_texts(script: &Script, repository: &Repository<'_>) -> Vec<WrittenText> {
    let mut found: Vec<WrittenText> = Vec::new();
    for written in &script.written {
        let before = found
            .iter_mut()
            .rev()
            .find(|one| written.appends && one.file == written.file && one.span.file == written.span.file);
        match before {
            Some(one) => one.append(written),
            None => found.push(WrittenText::of_written(written, repository)),
        }
    }
    let writers: HashSet<usize> = script.written.iter().map(|written| written.commands_before).collect();
    for one in &mut found {
        let Some(placed) = &mut one.placed else { continue };
        // What writes a text itself is `tee` at most.
        let is_writer = |at: usize, call: &Invocation| program_name(call) == "tee" && writers.contains(&at);
        let later = script.invocations.iter().enumerate().skip(placed.commands_before);
        let later = later.filter(|(at, call)| !is_writer(*at, call));
        one.changes.extend(later.filter_map(|(_, call)| placed.follow(call, &one.told, repository)));
        one.changes.dedup();
    }
    found
}

impl WrittenText {
    fn of_written(written: &WrittenServices, repository: &Repository<'_>) -> Self {
        let source = repository.sources.get(written.span.file);
        Self {
            placed: PlacedText::of_written(written, &repository.cwd.join(source.name())),
            script: source.name().to_owned(),
            span: written.span,
            file: written.file.clone(),
            told: written.told.clone(),
            is_placed_here: written.path.is_none(),
            is_unread: written.text.is_none(),
            changes: unclear_names(written).into_iter().collect(),
            counts: repository.programs.are_named_in(source.text()),
        }
    }

    fn append(&mut self, written: &WrittenServices) {
        self.changes.extend(unclear_names(written));
        if !self.placed.as_mut().is_some_and(|placed| placed.append(written)) {
            self.changes.push(format!("it adds a text to {} that was not read", self.told));
        }
    }
}

/// That it is not known how many services a text makes, as a clause: a loop writes it, and they are called after a variable.
fn unclear_names(written: &WrittenServices) -> Option<String> {
    let text = written.text.as_ref().filter(|_| written.is_in_loop)?;
    let mut variables = text.match_indices("${").map(|(at, _)| at);
    let ends_line = |at: usize| {
        text.get(at..).and_then(|rest| rest.lines().next()).is_some_and(|line| line.trim_end().ends_with(':'))
    };
    let has_name = variables.any(|at| is_in_key(text, at) && ends_line(at));
    has_name.then(|| format!("a loop writes {}, whose services are called after a variable", written.told))
}

impl PlacedText {
    fn of_written(written: &WrittenServices, script: &Path) -> Option<Self> {
        let text = written.text.as_ref()?;
        let beside = || {
            let name = written.file.rsplit('/').next().unwrap_or_default();
            let is_name = !name.is_empty() && !name.contains('$');
            let path = script.with_file_name(name).display().to_string();
            (is_name && !BESIDE_THE_FILE.iter().any(|part| text.contains(part))).then_some(path)
        };
        let mut placed = Self {
            path: written.path.clone().or_else(beside)?,
            text: String::new(),
            unknown: written.unknown.clone(),
            commands_before: written.commands_before,
        };
        placed.put_at(written.span.start.line, text).then_some(placed)
    }

    /// Puts a text at a line; whether that is behind what there is.
    fn put_at(&mut self, line: u32, text: &str) -> bool {
        let wanted = usize::try_from(line).unwrap_or(usize::MAX).saturating_sub(1);
        let Some(more) = wanted.checked_sub(self.text.matches('\n').count()) else { return false };
        self.text.extend(std::iter::repeat_n('\n', more));
        self.text.push_str(text);
        true
    }

    fn append(&mut self, written: &WrittenServices) -> bool {
        let Some(text) = &written.text else { return false };
        let is_clear = written.unknown.iter().all(|(name, _)| !self.unknown.iter().any(|(known, _)| known == name));
        is_clear && self.put_at(written.span.start.line, text) && {
            self.unknown.extend(written.unknown.iter().cloned());
            true
        }
    }

    /// Does what a later command does to the file; what of it is not understood, as a clause.
    fn follow(&mut self, call: &Invocation, told: &str, repository: &Repository<'_>) -> Option<String> {
        let is_path = |word: &Word| {
            let known = word.known().filter(|known| !known.is_empty());
            known.is_some_and(|known| self.path == join(&repository.cwd.display().to_string(), known))
        };
        let program = program_name(call);
        let is_last = operands(call).last().is_some_and(|word| is_path(word));
        if !call.argv.iter().skip(1).any(is_path) || leaves_as_it_is(program, is_last) {
            return None;
        }
        let is_in_place = call.argv.iter().any(|word| word.starts_with("-i") || word.starts_with("--in-place"));
        if program == "sed" && !is_in_place {
            return None;
        }
        let source = repository.sources.get(call.span.file);
        let place = format!("{}:{}", source.name(), call.span.start.line);
        let Some(substitutions) =
            Some(call).filter(|_| program == "sed").and_then(|call| substitutions_of_call(&call.argv))
        else {
            return Some(format!("`{program}` at {place} may change {told}, and was not followed"));
        };
        for substitution in substitutions {
            let substitution = if call.conditional { substitution.perhaps() } else { substitution };
            let mut given = Vec::new();
            let (text, _) = substitution.apply(&self.text, |raw| {
                let name = name_for(raw, |name| self.text.contains(name));
                given.push(name.clone());
                format!("${{{name}}}")
            });
            self.text = text;
            self.unknown.extend(given.into_iter().next().map(|name| (name, place.clone())));
        }
        None
    }
}

/// Whether a program that is given a file leaves it as it is.
fn leaves_as_it_is(program: &str, is_last: bool) -> bool {
    let is_copied_from = matches!(program, "cp" | "install" | "ln" | "rsync") && !is_last;
    is_copied_from || READING.contains(&program) || is_engine_program(program) || is_printer(program)
}
