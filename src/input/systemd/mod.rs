//! Services of systemd: what a unit starts, once as long as it is there; a template of units is there several times. Uses
//! `outer_text`, `shell` and `script`'s entries.
//!
//! ```text
//! unit_lines   lines -> settings;  unit_words: a setting -> words, by systemd's own quoting
//! ```

#[cfg(test)]
mod tests;
mod unit_lines;
mod unit_words;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use unit_lines::{UnitSetting, read_settings};
use unit_words::{UnitValues, UnitWord, split_words};

use super::outer_text::OuterText;
use super::project::Repository;
use super::script::{self, EntryFile, HoldsEntries};
use super::shell::{EntryText, ShellEntry};
use super::start_words::names_engine;
use super::{CandidateFile, FoundInput, InputKind, LoadContext, Piece, UnreadWeight};
use crate::model::{Unseen, is_variable_name};
use crate::text::{FileId, SourceFile, Span, TracedText};

/// Files of a directory that are looked at.
const LISTED: usize = 1_000;
/// What stands for the name of an instance of a template.
const INSTANCE: &str = "systemd_instance";
/// The commands that run one after the other, and those that run beside them.
const IN_TURN: [&str; 4] = ["ExecCondition", "ExecStartPre", "ExecStart", "ExecStopPost"];
const BESIDE: [&str; 3] = ["ExecStartPost", "ExecReload", "ExecStop"];

/// Services of systemd.
#[derive(Debug)]
pub(super) struct SystemdServiceKind;

impl InputKind for SystemdServiceKind {
    fn name(&self) -> &'static str {
        "systemd"
    }

    fn looks_like(&self, file: &CandidateFile<'_>) -> bool {
        file.ending() == Some("service") && file.beginning().lines().any(|line| line.trim_end() == "[Service]")
    }

    fn is_found(&self, file: &CandidateFile<'_>) -> bool {
        self.looks_like(file) && names_engine(file.beginning())
    }

    fn may_call(&self, file: &CandidateFile<'_>) -> bool {
        self.looks_like(file)
    }

    fn weigh_text(&self, text: &str, context: &LoadContext<'_>) -> UnreadWeight {
        script::weigh_entries(text, context)
    }

    fn load(&self, input: &FoundInput, context: &LoadContext<'_>, repository: &Repository<'_>) -> Piece {
        script::load_entries(self, input, context, repository)
    }
}

impl HoldsEntries for SystemdServiceKind {
    fn read_entries(&self, file: FileId, directory: &Path, repository: &Repository<'_>) -> EntryFile {
        let mut read = EntryFile::default();
        let source = repository.sources.get(file);
        let (settings, fault) = read_settings(&TracedText::of_file(file, repository.sources));
        let span_of = |at: Option<(FileId, u32)>| {
            at.map_or(Span::file_start(file), |(file, at)| Span::at(file, source.position(at as usize)))
        };
        if let Some(fault) = fault {
            read.faults.push(Unseen { what: fault.what.to_owned(), span: span_of(fault.at) });
        }
        let unit = Unit::new(&settings, &source, directory);
        unit.add_entries(&mut read, &span_of);
        let drop_ins = directory.join(format!("{}.d", unit.file_name));
        let listed = repository.sources.reader().list(&drop_ins, LISTED).unwrap_or_default();
        if listed.iter().any(|one| one.name.to_string_lossy().ends_with(".conf")) {
            let what = "what the files beside it change is not read".to_owned();
            read.unread.push(Unseen { what, span: Span::file_start(file) });
        }
        read
    }
}

/// Whose manager starts a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manager {
    System,
    Person,
    NotKnown,
}

/// A unit as it is read.
struct Unit<'a> {
    settings: &'a [UnitSetting],
    source: &'a Arc<SourceFile>,
    file_name: String,
    manager: Manager,
}

impl<'a> Unit<'a> {
    fn new(settings: &'a [UnitSetting], source: &'a Arc<SourceFile>, directory: &Path) -> Self {
        let file_name = source.name().rsplit('/').next().unwrap_or_default().to_owned();
        let mut unit = Self { settings, source, file_name, manager: Manager::NotKnown };
        let wanted = unit.last("Install", "WantedBy").map(TracedText::raw).unwrap_or_default();
        unit.manager = if directory.ends_with("systemd/user") {
            Manager::Person
        } else if directory.ends_with("systemd/system")
            || unit.last("Service", "User").is_some()
            || wanted.contains("multi-user.target")
        {
            Manager::System
        } else if wanted.contains("default.target") {
            Manager::Person
        } else {
            Manager::NotKnown
        };
        unit
    }

    /// The values of a setting: an empty one takes back those before it.
    fn all(&self, section: &str, key: &str) -> Vec<&'a TracedText> {
        let mut values = Vec::new();
        for setting in self.settings.iter().filter(|one| one.section == section && one.key == key) {
            if setting.value.is_empty() {
                values.clear();
            } else {
                values.push(&setting.value);
            }
        }
        values
    }

    fn last(&self, section: &str, key: &str) -> Option<&'a TracedText> {
        self.all(section, key).pop()
    }

    /// The name of the unit before the `@` of a template, and whether it is one.
    fn prefix(&self) -> (&str, bool) {
        let stem = self.file_name.strip_suffix(".service").unwrap_or(&self.file_name);
        match stem.split_once('@') {
            Some((prefix, "")) => (prefix, true),
            Some((prefix, _)) => (prefix, false),
            None => (stem, false),
        }
    }

    fn home(&self, at: Option<(FileId, u32)>) -> OuterText {
        let user = self.last("Service", "User").map(TracedText::raw);
        match (self.manager, user.as_deref()) {
            (_, Some(user)) if user != "root" => OuterText::unknown(&format!("home_of_{user}"), at),
            (Manager::System, _) => OuterText::plain("/root"),
            (Manager::Person, _) => OuterText::unknown("HOME", at),
            (Manager::NotKnown, _) => OuterText::unknown("systemd_home", at),
        }
    }

    /// What a specifier stands for; a tilde is the home of who runs the service.
    fn specifier(&self, letter: char, at: Option<(FileId, u32)>) -> OuterText {
        let (prefix, is_template) = self.prefix();
        let stem = self.file_name.strip_suffix(".service").unwrap_or(&self.file_name);
        let instance = stem.split_once('@').map_or("", |(_, instance)| instance);
        let by_manager = |system: &str, person: &str| match self.manager {
            Manager::System => OuterText::plain(system),
            Manager::Person => {
                let mut path = OuterText::unknown("HOME", at);
                path.push(&OuterText::plain(person));
                path
            }
            Manager::NotKnown => OuterText::unknown(&format!("systemd_{letter}"), at),
        };
        match letter {
            '~' => self.home(at),
            'h' => by_manager("/root", ""),
            'S' => by_manager("/var/lib", "/.local/state"),
            'C' => by_manager("/var/cache", "/.cache"),
            'E' => by_manager("/etc", "/.config"),
            'T' => OuterText::plain("/tmp"),
            'V' => OuterText::plain("/var/tmp"),
            'p' | 'P' => OuterText::plain(prefix),
            'i' | 'I' | 'n' | 'N' | 'j' | 'J' if is_template => {
                let own = OuterText::unknown(INSTANCE, at);
                match letter {
                    'n' | 'N' => {
                        let mut name = OuterText::plain(&format!("{prefix}@"));
                        name.push(&own);
                        name.push(&OuterText::plain(if letter == 'n' { ".service" } else { "" }));
                        name
                    }
                    _ => own,
                }
            }
            'i' | 'I' => OuterText::plain(instance),
            'n' => OuterText::plain(&self.file_name),
            'N' => OuterText::plain(stem),
            _ => OuterText::unknown(&format!("systemd_{letter}"), at),
        }
    }

    fn add_entries(&self, read: &mut EntryFile, span_of: &dyn Fn(Option<(FileId, u32)>) -> Span) {
        let specifier = |letter, at| self.specifier(letter, at);
        let mut variables = BTreeMap::new();
        let none = BTreeMap::new();
        let parts = Cell::new(0);
        let plain = UnitValues { specifier: &specifier, variables: &none, variable_file: None, parts: &parts };
        for value in self.all("Service", "Environment") {
            for word in split_words(value, &plain, false).unwrap_or_default() {
                if let Some((name, value)) = named_value(&word.text) {
                    variables.insert(name, value);
                }
            }
        }
        let file = self.last("Service", "EnvironmentFile").map(|file| file.raw().trim_start_matches('-').to_owned());
        let values =
            UnitValues { specifier: &specifier, variables: &variables, variable_file: file.as_deref(), parts: &parts };
        let prelude = self.prelude(&values);
        let mut commands = |key: &str| {
            let mut texts = Vec::new();
            for value in self.all("Service", key) {
                let at = value.0.first().and_then(|first| first.at);
                match command_texts(value, &values) {
                    Some(found) => texts.extend(found.into_iter().map(|(command, ignores_failure)| {
                        parts.set(parts.get().saturating_add(prelude.0.len()));
                        let mut text = if values.is_too_much() { TracedText::default() } else { prelude.clone() };
                        text.push(&command);
                        EntryText { text, shell: "sh".to_owned(), ignores_failure, ..EntryText::default() }
                    })),
                    None => {
                        let what = "a quote of this command is not closed".to_owned();
                        read.faults.push(Unseen { what, span: span_of(at) });
                    }
                }
            }
            texts
        };
        let main: Vec<EntryText> = IN_TURN.iter().flat_map(|key| commands(key)).collect();
        let beside = BESIDE.map(|key| (key, commands(key)));
        if values.is_too_much() {
            let what = "the unit is too large to be read".to_owned();
            read.unread.push(Unseen { what, span: span_of(None) });
        }
        let (_, is_template) = self.prefix();
        for (what, texts) in [("", main)].into_iter().chain(beside).filter(|(_, texts)| !texts.is_empty()) {
            read.entries.push(ShellEntry {
                run: format!("{}#{what}", self.source.name()),
                name: self.source.name().to_owned(),
                texts,
                is_single: true,
                is_several: is_template,
                varying: if is_template { vec![INSTANCE.to_owned()] } else { Vec::new() },
                ..ShellEntry::default()
            });
        }
    }

    /// What gives the commands their directory and environment.
    fn prelude(&self, values: &UnitValues<'_>) -> TracedText {
        let mut text = TracedText::default();
        let mut export = |name: &str, value: &OuterText| {
            text.push(&TracedText::plain(&format!("export {name}=")));
            text.push(&value.to_quoted_shell());
            text.push(&TracedText::plain("\n"));
        };
        if self.manager != Manager::Person {
            export("HOME", &self.home(None));
        }
        for (name, value) in values.variables {
            export(name, value);
        }
        let directory = self.last("Service", "WorkingDirectory").and_then(|value| {
            let raw = value.raw();
            let kept = raw.strip_prefix('-').unwrap_or(&raw);
            if kept == "~" {
                return Some(self.home(None));
            }
            let path = value.part(raw.chars().count() - kept.chars().count(), value.0.len());
            split_words(&path, values, false)?.into_iter().next().map(|word| word.text)
        });
        let usual = || if self.manager == Manager::Person { self.home(None) } else { OuterText::plain("/") };
        text.push(&TracedText::plain("cd "));
        text.push(&directory.unwrap_or_else(usual).to_quoted_shell());
        text.push(&TracedText::plain("\n"));
        text
    }
}

/// The name and the value of a word that sets a variable.
fn named_value(word: &OuterText) -> Option<(String, OuterText)> {
    let parts = word.split_once(|ch| ch == '=')?;
    let name = parts.0.known()?;
    is_variable_name(&name).then_some((name, parts.1))
}

/// The commands of a value, for a shell, each with whether it may fail; `None` where a quote is not closed.
fn command_texts(value: &TracedText, values: &UnitValues<'_>) -> Option<Vec<(TracedText, bool)>> {
    let marks = value.0.iter().take_while(|traced| matches!(traced.ch, '-' | '@' | ':' | '+' | '!' | '|')).count();
    let has = |mark: char| value.0.iter().take(marks).any(|traced| traced.ch == mark);
    let words = split_words(&value.part(marks, value.0.len()), values, !has(':'))?;
    let mut commands = Vec::new();
    for words in words.split(|word| word.is_end).filter(|words| !words.is_empty()) {
        // Behind an at sign the second word is what the program is called.
        let kept = words.iter().enumerate().filter(|(number, _)| !(has('@') && *number == 1));
        let mut text = TracedText::default();
        for (number, (_, word)) in kept.enumerate() {
            if number > 0 {
                text.push(&TracedText::plain(" "));
            }
            text.push(&shell_word(word));
        }
        commands.push((text, has('-')));
    }
    Some(commands)
}

/// A word as a shell has it.
fn shell_word(word: &UnitWord) -> TracedText {
    let is_plain = |text: &str| text.chars().all(|ch| ch.is_alphanumeric() || "_-./:=,@%+".contains(ch));
    match word.text.known() {
        _ if word.is_split => word.text.to_shell(),
        Some(text) if !text.is_empty() && is_plain(&text) => word.text.to_shell(),
        _ => word.text.to_quoted_shell(),
    }
}
