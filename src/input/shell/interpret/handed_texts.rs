//! Texts that a script hands on and that are no part of its own run: files that it writes, what others are given to read
//! or to carry out. Those that start or describe a container are told as not read. Uses `interpreter` and `start_words`.

use super::hidden_programs::only_reads;
use super::interpreter::Interpreter;
use super::lists::literal_text;
use super::print_record::redirects_output;
use super::recipient::{Recipient, is_taker};
use super::shell_state::ShellState;
use super::shell_word::ShellWord;
use super::unwrapped::{is_repeater, is_shell};
use crate::input::docker_cli::is_engine_program;
use crate::input::shell::parse::syntax::{SimpleCommand, Statement};
use crate::input::start_words::{describes_services, is_printer, starts_container};
use crate::text::TracedText;

/// Parts of the names of commands that compare texts.
const COMPARERS: [&str; 8] = ["assert", "expect", "contains", "check", "grep", "match", "matches", "equals"];
/// Words that may stand before a command.
const PREFIXES: [&str; 4] = ["sudo ", "exec ", "nohup ", "env "];
/// Endings of files that are for people to read.
const DOCUMENTS: [&str; 7] = ["md", "txt", "rst", "adoc", "html", "log", "tex"];

impl Interpreter<'_> {
    /// Runs a part of a pipeline whose output the next part reads.
    pub(super) fn with_recipient<T>(&mut self, next: &Statement, run: impl FnOnce(&mut Self) -> T) -> T {
        let recipient = match next {
            Statement::Simple(simple) => {
                let names: Vec<String> =
                    simple.words.iter().map(|word| literal_text(word).unwrap_or_default()).collect();
                let project = self.project_of_piped(simple, &names);
                let project = project.map(|path| Recipient::File { path, appends: false });
                project.or_else(|| Recipient::of_words(names.into_iter()))
            }
            _ => None,
        };
        let depth = self.recipients.len();
        self.recipients.extend(recipient);
        let result = run(self);
        self.recipients.truncate(depth);
        result
    }

    /// Notes what a command prints that is no function, where what reads it carries it out.
    pub(super) fn note_piped(&mut self, simple: &SimpleCommand, words: &[ShellWord], state: &ShellState) {
        let Some(recipient) = self.recipients.last().cloned() else { return };
        if !simple.redirects.iter().any(redirects_output) {
            let text = joined(words.get(1..).unwrap_or_default());
            self.note_handed_to(&recipient, &text, state);
        }
    }

    /// Notes a here-document that a command hands on to what reads its output, or is given by itself.
    pub(super) fn note_document(&mut self, words: &[ShellWord], text: &TracedText, state: &ShellState) {
        let engine = words.iter().position(|word| is_engine_program(word.raw().rsplit('/').next().unwrap_or_default()));
        if let Some(path) = engine.and_then(|at| self.project_of_input(words.get(at..)?)) {
            return self.note_written(&ShellWord::plain(&path), text, false, state);
        }
        if let Some(recipient) = self.recipients.last().cloned() {
            return self.note_handed_to(&recipient, text, state);
        }
        let taker = words.iter().map(ShellWord::raw).find_map(|word| {
            let name = word.rsplit('/').next().unwrap_or_default();
            // A shell goes through it, here or on another host.
            let is_followed = is_shell(name) || matches!(name, "newgrp" | "ssh") || is_repeater(name);
            (is_taker(name) && !is_followed).then(|| name.to_owned())
        });
        if let Some(name) = taker {
            self.note_handed_to(&Recipient::Program(name), text, state);
        }
    }

    fn note_handed_to(&mut self, recipient: &Recipient, text: &TracedText, state: &ShellState) {
        match recipient {
            Recipient::File { path, appends } => {
                let file = ShellWord::plain(path);
                self.keep_written_variables(&file, text, *appends, state);
                self.note_written(&file, text, *appends, state);
            }
            Recipient::Program(name) => self.note_carried_out(&format!("it gives `{name}` a text that"), text),
        }
    }

    /// Notes what is written into a file that is no shell script.
    pub(super) fn note_written(&mut self, file: &ShellWord, text: &TracedText, appends: bool, state: &ShellState) {
        let path = file.raw();
        let name = file_name(&path);
        let is_document = name.rsplit_once('.').is_some_and(|(_, ending)| DOCUMENTS.contains(&ending));
        if is_document || path.starts_with("/dev/") || self.ways_in.is_none() || self.is_muted() {
            return;
        }
        if self.keep_written_services(file, text, appends, state) {
            return;
        }
        let told = told_file(&path);
        let which = if told.ends_with('`') { ", which" } else { " that" };
        self.note_carried_out(&format!("it writes {told}{which}"), text);
    }

    /// Notes words of a program that have a command in them which starts a container.
    pub(super) fn note_text_words(&mut self, words: &[ShellWord]) {
        let Some((first, rest)) = words.split_first().filter(|_| self.ways_in.is_some()) else { return };
        let path = first.raw();
        let name = path.rsplit('/').next().unwrap_or_default();
        // What an alias stands for is followed by itself.
        if only_reads(first) || is_printer(name) || name == "alias" || !first.is_fixed() {
            return;
        }
        let compares = name.split(['_', '-']).any(|part| COMPARERS.contains(&part));
        for word in rest.iter().filter(|word| !compares && begins_start(&written_text(&word.text))) {
            self.note_carried_out(&format!("it gives `{name}` a text that"), &word.text);
        }
    }

    fn note_carried_out(&mut self, what: &str, text: &TracedText) {
        let raw = written_text(text);
        if self.ways_in.is_none() || self.is_muted() {
            return;
        }
        let does = match () {
            () if describes_services(&raw) => "describes services",
            () if starts_container(&raw) => "starts a container",
            () => return,
        };
        let span = text.first_position(self.context.sources);
        self.note_unread(format!("{what} {does} and was not read"), span);
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// A file for a sentence, by its name where that is one to be shown.
pub(super) fn told_file(path: &str) -> String {
    let name = file_name(path);
    let is_word = |ch: char| ch.is_ascii_alphanumeric() || matches!(ch, '.' | '_' | '-');
    let is_plain = !name.is_empty() && name.len() <= 64 && name.chars().all(is_word);
    if is_plain { format!("the file `{name}`") } else { "a file".to_owned() }
}

/// What of a text is written in it; what is put in for a variable or a command ran by itself.
fn written_text(text: &TracedText) -> String {
    text.0.iter().filter(|traced| !traced.live).map(|traced| traced.ch).collect()
}

/// Whether a text has a command in it that starts a container, where a command may begin.
fn begins_start(text: &str) -> bool {
    let pieces = text.split([';', '&', '|', '\n', '"', '\'', '(']).map(str::trim_start);
    pieces.into_iter().any(|piece| {
        let command = PREFIXES.iter().fold(piece, |rest, word| rest.strip_prefix(word).unwrap_or(rest).trim_start());
        let name = command.split_whitespace().next().unwrap_or_default();
        name.rsplit('/').next().is_some_and(is_engine_program) && starts_container(command)
    })
}

fn joined(words: &[ShellWord]) -> TracedText {
    let mut text = TracedText::default();
    for (number, word) in words.iter().enumerate() {
        if number > 0 {
            text.push(&TracedText::plain(" "));
        }
        text.push(&word.text);
    }
    text
}
