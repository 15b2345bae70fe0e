//! Rules as data: profiles of programs, the decision matrix, filesystems, and an explanation of each rule.
//! Embedded in the binary; a directory can add to them or replace them. May use `text` and `model`.

mod check;
mod config;
mod fact;
mod filesystems;
mod level;
mod matrix;
mod message;
mod mistake;
mod named;
mod profile;
mod version;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};
use serde::de::DeserializeOwned;

pub use check::Problem;
pub use config::{
    Answer, CONFIG_FILE, Config, ConfigEntry, Declarations, FilePattern, FilePatterns, Grade, HostConfig, Ignore,
};
pub use fact::*;
pub use filesystems::{FilesystemType, Filesystems, HostPathHint, OptionEffect, Visibility};
pub use level::{Confidence, FailOn, Severity};
pub use matrix::{Matrix, Outcome, Row, RuleText, Ruling, Table};
pub use message::Message;
pub use named::{Placeholder, TableName};
pub use profile::{
    AuthVariable, BlankValue, Bundle, CredentialsVariable, Effect, GuardDefaults, Lock, LockKind, Profile, SideFile,
    StateDirectory,
};
pub use version::VersionRange;

use crate::model::{Diagnostic, Level};
use crate::text::yaml::{self, Limits};
use crate::text::{EntryKind, FileId, Pos, ReadError, Reader, Sources, Span, nearest, quoted};
use check::Checker;

static EMBEDDED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/rules");
/// The embedded files as JSON, by their paths: laid out by the build script, since reading YAML would be a quarter of a
/// small check.
static EMBEDDED_JSON: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/rules_as_json.rs"));

/// All rules of one run.
#[derive(Debug, Clone)]
pub struct Ruleset {
    /// Programs, by id.
    pub profiles: Vec<Profile>,
    /// The decision matrix.
    pub matrix: Matrix,
    /// Filesystems and well-known places.
    pub filesystems: Filesystems,
    /// Explanations by rule id, as Markdown.
    pub explanations: BTreeMap<String, String>,
    /// What a directory of further rules gave; `None` without one.
    pub further: Option<FurtherRules>,
}

/// A directory of further rules.
#[derive(Debug, Clone, Copy)]
pub struct RulesDirectory<'a> {
    /// Where it is.
    pub path: &'a Path,
    /// Its path as it is shown.
    pub shown: &'a str,
    /// Whether a person typed it for this run. One that a file names may only add programs: who may change that file
    /// must not decide what is wrong.
    pub typed: bool,
}

/// What was taken from a directory of further rules.
#[derive(Debug, Clone)]
pub struct FurtherRules {
    /// The directory as it is shown.
    pub directory: String,
    /// Its files that count, as they are shown.
    pub files: Vec<String>,
    /// Those that do not, and why.
    pub refused: Vec<Diagnostic>,
}

impl FurtherRules {
    fn refuse(&mut self, below: &str, what: &str) {
        let message = format!("not used: {what}; only a directory that --rules names on the command line may do that");
        let file = format!("{}/{below}", self.directory);
        self.refused.push(Diagnostic::about(Level::Gap, Some(file), message));
    }
}

/// Rule files by their path below the rules' directory, such as `profiles/claude-code.yaml`.
type Files = BTreeMap<String, RuleFile>;

/// A rule file.
struct RuleFile {
    /// Its name as it is shown.
    name: String,
    text: Cow<'static, str>,
    /// The same as JSON, where it is an embedded one.
    json: Option<&'static str>,
}

/// Why rules could not be used.
#[derive(Debug, thiserror::Error)]
pub enum RulesetError {
    /// A file of the directory could not be read. The user's to fix.
    #[error("cannot read the rules in {path}: {cause}; give --rules a directory like the repository's rules/")]
    Unreadable {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        cause: ReadError,
    },
    /// Rule files say something that means nothing. The user's to fix.
    #[error("{} in the rules", if .0.len() == 1 { "a mistake".to_owned() } else { format!("{} mistakes", .0.len()) })]
    Wrong(Vec<Problem>),
}

impl Ruleset {
    /// The embedded rules, with those of `directory` added; where a person typed it, its files also take the place of
    /// embedded ones of the same name.
    ///
    /// # Errors
    /// A file that cannot be read, or every mistake in the files at once.
    pub fn load(sources: &Sources, directory: Option<RulesDirectory<'_>>) -> Result<Self, RulesetError> {
        let mut files = Files::new();
        embedded(&EMBEDDED, &mut files);
        // The embedded matrix is proved total by a test; proving it again would cost every run.
        let Some(directory) = directory else { return assemble(sources, files, false) };
        let mut own = Files::new();
        let mut reading = Reading { reader: sources.reader(), root: directory.path, left: MAX_FILES };
        reading.directory(directory.path, 0, &mut own)?;
        let mut further =
            FurtherRules { directory: directory.shown.to_owned(), files: Vec::new(), refused: Vec::new() };
        let mut rules = if directory.typed {
            further.files = own.values().map(|file| file.name.clone()).collect();
            files.append(&mut own);
            assemble(sources, files, true)?
        } else {
            let mut rules = assemble(sources, files, false)?;
            rules.add_programs(sources, own, &mut further)?;
            rules
        };
        rules.further = Some(further);
        Ok(rules)
    }

    /// Adds the profiles that no embedded one has the id of, after all others, so that a process is still recognised by
    /// those first. Everything else is refused, unread.
    fn add_programs(
        &mut self,
        sources: &Sources,
        files: Files,
        further: &mut FurtherRules,
    ) -> Result<(), RulesetError> {
        let mut problems = Vec::new();
        for (below, file) in files {
            if !below.starts_with("profiles/") {
                further.refuse(&below, "it would replace what is judged by");
                continue;
            }
            let Some(mut profile) = (Added { sources, file }).profile(&mut problems) else { continue };
            if self.profile(&profile.id).is_some() {
                further.refuse(&below, "it would replace a program's profile");
                continue;
            }
            // Nobody who may write such a file decides which values of the environment are shown.
            profile.public_variables.clear();
            self.profiles.push(profile);
            further.files.push(format!("{}/{below}", further.directory));
        }
        if problems.is_empty() { Ok(()) } else { Err(RulesetError::Wrong(problems)) }
    }

    /// The same rules with the severities that a configuration gives them.
    #[must_use]
    pub fn graded(&self, config: &Config) -> Self {
        let mut rules = self.clone();
        let rows = rules.matrix.tables.values_mut().flat_map(|table| &mut table.rows);
        for row in rows {
            let Outcome::Broken(breach) = &mut row.outcome else { continue };
            let given = config.severity.get(&breach.rule).and_then(|grade| grade.severity);
            breach.severity = given.unwrap_or(breach.severity);
        }
        rules
    }

    /// Whether there is a rule of this id.
    ///
    /// # Errors
    /// That there is none, with what may be meant.
    pub fn knows(&self, rule: &str) -> Result<(), String> {
        let known = || self.matrix.rules.keys().map(String::as_str);
        if self.matrix.rules.contains_key(rule) {
            return Ok(());
        }
        let shares = |known: &&str| known.split('-').any(|word| rule.split('-').any(|other| other == word));
        let near: Vec<&str> =
            nearest(rule, known()).map_or_else(|| known().filter(shares).collect(), |near| vec![near]);
        let hint = if near.is_empty() {
            "run `overlock explain` for the list".to_owned()
        } else {
            format!("did you mean {}?", near.join(", "))
        };
        Err(format!("there is no rule {}; {hint}", quoted(rule)))
    }

    /// The files of a further directory that are not used, and why.
    pub fn refused(&self) -> &[Diagnostic] {
        self.further.as_ref().map_or(&[], |further| &further.refused)
    }

    /// The profile of an id.
    pub fn profile(&self, id: &str) -> Option<&Profile> {
        self.profiles.iter().find(|profile| profile.id == id)
    }
}

fn embedded(dir: &Dir<'static>, files: &mut Files) {
    for file in dir.files() {
        let path = file.path().display().to_string();
        let text = Cow::Borrowed(file.contents_utf8().unwrap_or_default());
        let json = EMBEDDED_JSON.iter().find(|(name, _)| *name == path).map(|(_, json)| *json);
        files.insert(path.clone(), RuleFile { name: format!("rules/{path}"), text, json });
    }
    for dir in dir.dirs() {
        embedded(dir, files);
    }
}

/// The largest rule file, in bytes; how many there are at most, and how deep in directories.
const MAX_BYTES: u64 = 1 << 20;
const MAX_FILES: usize = 1000;
const MAX_DEPTH: usize = 8;

/// Reads a directory of rules.
struct Reading<'a> {
    reader: &'a Reader,
    root: &'a Path,
    /// How many entries may come.
    left: usize,
}

impl Reading<'_> {
    fn directory(&mut self, directory: &Path, depth: usize, files: &mut Files) -> Result<(), RulesetError> {
        let unreadable = |path: &Path, cause| RulesetError::Unreadable { path: path.to_owned(), cause };
        let too_many = || unreadable(directory, ReadError::TooMany { limit: MAX_FILES });
        if depth > MAX_DEPTH {
            return Err(too_many());
        }
        for entry in self.reader.list(directory, MAX_FILES).map_err(|error| unreadable(directory, error))? {
            self.left = self.left.checked_sub(1).ok_or_else(too_many)?;
            let path = directory.join(&entry.name);
            let is_rule_file = path.extension().is_some_and(|extension| extension == "yaml" || extension == "md");
            // A link is followed as far as it stays inside.
            let is_directory = match entry.kind {
                EntryKind::Link if !is_rule_file => self.reader.is_directory(&path),
                kind => kind == EntryKind::Directory,
            };
            if is_directory {
                self.directory(&path, depth + 1, files)?;
            } else if is_rule_file {
                let text = self.reader.read_text(&path, MAX_BYTES).map_err(|error| unreadable(&path, error))?;
                let below = path.strip_prefix(self.root).unwrap_or(&path).display().to_string();
                let name = path.display().to_string();
                files.insert(below, RuleFile { name, text: Cow::Owned(text), json: None });
            }
        }
        Ok(())
    }
}

fn assemble(sources: &Sources, files: Files, prove: bool) -> Result<Ruleset, RulesetError> {
    let mut problems = Vec::new();
    let mut profiles = Vec::new();
    let mut explanations = BTreeMap::new();
    let (mut matrix, mut filesystems) = (None, None);
    for (below, file) in files {
        let file = Added { sources, file };
        match below.strip_suffix(".md").and_then(|path| path.strip_prefix("explain/")) {
            Some(rule) => {
                explanations.insert(rule.to_owned(), file.file.text.into_owned());
            }
            None if below == "matrix.yaml" => matrix = file.matrix(prove, &mut problems),
            None if below == "filesystems.yaml" => filesystems = file.typed(&mut problems).map(|(typed, _)| typed),
            None if below.starts_with("profiles/") => profiles.extend(file.profile(&mut problems)),
            None => {
                let message =
                    "a rule file is matrix.yaml, filesystems.yaml, profiles/*.yaml or explain/*.md".to_owned();
                problems.push(Problem { message, span: Span::file_start(file.add()) });
            }
        }
    }
    match (matrix, filesystems) {
        (Some(matrix), Some(filesystems)) if problems.is_empty() => {
            Ok(Ruleset { profiles, matrix, filesystems, explanations, further: None })
        }
        _ => Err(RulesetError::Wrong(problems)),
    }
}

/// A rule file on its way in. It is a source only once there is something to say of it.
struct Added<'a> {
    sources: &'a Sources,
    file: RuleFile,
}

impl Added<'_> {
    fn add(&self) -> FileId {
        self.sources.add(self.file.name.clone(), self.file.text.clone().into_owned())
    }

    /// Reads the file into a type that refuses fields it does not know.
    fn typed<T: DeserializeOwned>(&self, problems: &mut Vec<Problem>) -> Option<(T, &Self)> {
        // What is embedded is right by a test: only where it could not be read would its place be needed.
        if let Some(typed) = self.file.json.and_then(|json| serde_json::from_str(json).ok()) {
            return Some((typed, self));
        }
        match serde_yaml::from_str(&self.file.text) {
            Ok(typed) => Some((typed, self)),
            Err(error) => {
                let pos = error.location().map_or(Pos::START, |at| Pos {
                    line: u32::try_from(at.line()).unwrap_or(1),
                    column: u32::try_from(at.column()).unwrap_or(1),
                });
                problems
                    .push(Problem { message: mistake::message(&error.to_string()), span: Span::at(self.add(), pos) });
                None
            }
        }
    }

    fn profile(&self, problems: &mut Vec<Problem>) -> Option<Profile> {
        let (profile, _) = self.typed::<Profile>(problems)?;
        for lock in &profile.locks {
            let below = ["{state_dir}", "{credentials_dir}"].iter().find_map(|start| lock.path.strip_prefix(*start));
            if below.is_none_or(|below| below.contains('{')) {
                let message = format!(
                    "the path of the lock {} begins with {{state_dir}} or {{credentials_dir}} and names nothing else",
                    quoted(&lock.id)
                );
                problems.push(Problem { message, span: Span::file_start(self.add()) });
            }
        }
        Some(profile)
    }

    fn matrix(&self, prove: bool, problems: &mut Vec<Problem>) -> Option<Matrix> {
        let (raw, _) = self.typed(problems)?;
        // Positions are wanted only for a matrix that may be wrong.
        let root = if prove {
            let file = self.add();
            match yaml::parse(file, &self.file.text, Limits::default()) {
                Ok(stream) => stream.documents.into_iter().next()?,
                Err(error) => {
                    problems.push(Problem { message: error.message, span: error.span });
                    return None;
                }
            }
        } else {
            std::rc::Rc::new(yaml::Node::new(Span::file_start(FileId::default()), yaml::Data::Seq(Vec::new())))
        };
        let mut checker = Checker { root: &root, problems: Vec::new(), remedies: BTreeMap::new(), prove };
        let matrix = checker.matrix(&raw);
        problems.append(&mut checker.problems);
        Some(matrix)
    }
}

#[cfg(test)]
mod tests;
