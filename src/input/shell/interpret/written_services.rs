//! Texts that describe services and that a script writes into files: each is kept with its path, for who reads such files.
//! Uses `interpreter`, `handed_texts`, `start_words` and `model`.

use std::collections::BTreeMap;

use super::exit_states::FrameKind;
use super::handed_texts::told_file;
use super::interpreter::Interpreter;
use super::shell_state::ShellState;
use super::shell_word::ShellWord;
use super::value_identity::short_place;
use crate::input::start_words::describes_services;
use crate::model::{Parameter, Word, WordSegment, WrittenServices, clean, is_variable_name, join};
use crate::text::{Span, TracedText, quotable};

/// How many texts of one script are kept.
const MOST: usize = 100;
/// Operators of the shell that mean to Compose what they mean to it.
const OF_COMPOSE: [&str; 9] = ["", ":-", "-", ":?", "?", ":+", "+", ":=", "="];

impl Interpreter<'_> {
    /// Keeps a text that is written into a file, where it describes services or goes behind such a text; whether it does.
    pub(super) fn keep_written_services(
        &mut self,
        file: &ShellWord,
        text: &TracedText,
        appends: bool,
        state: &ShellState,
    ) -> bool {
        let path = self.written_path(file, state);
        let raw = file.raw();
        let is_behind = appends && self.written.iter().any(|one| one.file == raw && one.path == path);
        let plain: String = text.0.iter().filter(|traced| !traced.live).map(|traced| traced.ch).collect();
        if !(is_behind || describes_services(&plain)) || self.written.len() >= MOST {
            return false;
        }
        let Some(span) = text.first_position(self.context.sources) else { return false };
        let told = told_file(&raw);
        let mut unknown = Vec::new();
        let text = self.text_for_compose(text, span, state, &mut unknown);
        let is_in_loop = self.frames.iter().any(|frame| frame.kind == FrameKind::Loop);
        let commands_before = self.found.len();
        let written =
            WrittenServices { path, file: raw, told, text, span, unknown, is_in_loop, appends, commands_before };
        self.written.push(written);
        true
    }

    /// The path of a file that is written, where it is known.
    fn written_path(&self, file: &ShellWord, state: &ShellState) -> Option<String> {
        let path = self.resolve_text(&file.text).filter(|_| !file.unclear)?;
        if path.starts_with('/') { Some(clean(&path)) } else { Some(join(&self.current_directory(state)?, &path)) }
    }

    /// The text as Compose reads it: what the environment says is put in by Compose as by the shell, and what the script
    /// alone knows has a name of its own. `None` where its lines are not those that it is written in.
    fn text_for_compose(
        &self,
        text: &TracedText,
        first: Span,
        state: &ShellState,
        unknown: &mut Vec<(String, String)>,
    ) -> Option<String> {
        let last = text.0.iter().rev().find_map(|traced| traced.at)?;
        let end = self.context.sources.get(last.0).position(last.1 as usize);
        let place = short_place(first.file, first.start.line, self.context.sources);
        let word = Word::of_traced(text);
        let written = word.known().map_or_else(|| plain_text(&word), str::to_owned);
        let mut whole = String::with_capacity(text.0.len());
        let mut given: BTreeMap<&str, String> = BTreeMap::new();
        let mut put_in: Vec<(usize, &str)> = Vec::new();
        for segment in word.segments() {
            match segment {
                WordSegment::Text(text) => whole.push_str(text),
                WordSegment::Expansion(raw) => {
                    let name = given.entry(raw).or_insert_with(|| {
                        variable_of_compose(raw, state).unwrap_or_else(|| {
                            let name = name_for(raw, |name| {
                                written.contains(name) || unknown.iter().any(|(known, _)| known == name)
                            });
                            unknown.push((name.clone(), place.clone()));
                            format!("${{{name}}}")
                        })
                    });
                    put_in.push((whole.len(), raw));
                    whole.push_str(name);
                }
            }
        }
        // Compose replaces nothing in a key: there it finds what the shell put in.
        for (at, raw) in put_in.into_iter().rev() {
            if !is_in_key(&whole, at) {
                continue;
            }
            let known = self.partial_value(&TracedText::live(raw));
            let name = given.get(raw).filter(|_| !known.is_symbolic() && quotable(&known.text).is_some());
            if let Some(name) = name {
                whole.replace_range(at..at + name.len(), &known.text);
            }
        }
        if word.segments().is_empty() {
            whole = written;
        }
        // The end of the last line is no further line.
        let lines = whole.matches('\n').count() - usize::from(whole.ends_with('\n'));
        let written = usize::try_from(end.line.checked_sub(first.start.line)?).ok()?;
        (last.0 == first.file && lines == written).then_some(whole)
    }
}

/// Whether what begins at a place of a YAML text is a part of a key: it stands before the colon of its line.
pub fn is_in_key(text: &str, at: usize) -> bool {
    let (before, after) = text.split_at_checked(at).unwrap_or_default();
    let before = before.rsplit('\n').next().unwrap_or_default().trim_start_matches([' ', '-', '"', '\'']);
    let after = after.split('\n').next().unwrap_or_default().trim_end();
    let end = after.find(": ").or_else(|| after.ends_with(':').then(|| after.len() - 1));
    let is_plain = |text: &str| !text.contains([' ', '\t', '#', '[', ',']);
    !before.contains(": ") && is_plain(before) && end.is_some_and(|end| after.get(..end).is_some_and(is_plain))
}

/// A variable that the script does not set, as Compose writes it; `None` where Compose does not know its value.
fn variable_of_compose(raw: &str, state: &ShellState) -> Option<String> {
    let parameter = Parameter::parse(raw).filter(|parameter| is_variable_name(&parameter.name) && !parameter.all)?;
    let is_set = state.vars.value(&parameter.name).is_some();
    let is_shared = OF_COMPOSE.contains(&parameter.op.as_str()) && !parameter.rest.contains(['$', '`', '\'', '"']);
    (!is_set && is_shared).then(|| format!("${{{}{}{}}}", parameter.name, parameter.op, parameter.rest))
}

/// What something that only the script knows is called in Compose's text.
pub fn name_for(raw: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let name = Parameter::parse(raw).map(|parameter| parameter.name);
    let mut name = name.filter(|name| is_variable_name(name)).unwrap_or_else(|| "value".to_owned());
    while is_taken(&name) {
        name.push('_');
    }
    name
}

/// The plain text of a word.
fn plain_text(word: &Word) -> String {
    let text = |segment: &WordSegment| match segment {
        WordSegment::Text(text) => Some(text.clone()),
        WordSegment::Expansion(_) => None,
    };
    word.segments().iter().filter_map(text).collect()
}
