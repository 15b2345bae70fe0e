//! Rules as data: profiles of programs, the decision matrix, filesystems, and an explanation of each rule.
//! Embedded in the binary; a directory can add to them or replace them. May use `text` and `model`.

mod config;
mod data;
mod directory;
mod file;
mod mistake;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use config::{
    Answer, CONFIG_FILE, Config, ConfigEntry, Declarations, FilePattern, FilePatterns, Grade, HostConfig, Ignore,
    literal_pattern,
};
pub use data::*;
use directory::RuleFiles;

use crate::model::{Diagnostic, Level, split_below};
use crate::text::{ReadError, Sources, Span, nearest, quoted};

/// The rules of the repository, as the build script checked them and laid them out: a run reads no YAML of its own.
static LAID_OUT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/rules.postcard"));
/// The explanations of the repository, by rule.
static EXPLANATIONS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/explanations.rs"));

/// A problem in a rule file or in the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong, with the field.
    pub message: String,
    /// Where.
    pub span: Span,
}

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
    pub explanations: BTreeMap<Cow<'static, str>, Cow<'static, str>>,
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

/// Why rules could not be used.
#[derive(Debug, thiserror::Error)]
pub enum RulesetError {
    /// A file of the directory could not be read. The user's to fix.
    #[error(
        "cannot read the rules in {path}: {cause}; `--rules`, or `rules` in overlock.yaml, names a directory like the repository's rules/"
    )]
    Unreadable {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        cause: ReadError,
    },
    /// Rule files say something that means nothing. The user's to fix.
    #[error("{} in the rules", if .0.len() == 1 { "a mistake".to_owned() } else { format!("{} mistakes", .0.len()) })]
    Wrong(Vec<Problem>),
    /// What the build script wrote is not what is read. Ours to fix.
    #[error("the rules that overlock brings cannot be read; please report it")]
    Damaged,
}

impl Ruleset {
    /// The embedded rules, with those of `directory` added; where a person typed it, its files also take the place of
    /// embedded ones of the same name.
    ///
    /// # Errors
    /// A file that cannot be read, or every mistake in the files at once.
    pub fn load(sources: &Sources, directory: Option<RulesDirectory<'_>>) -> Result<Self, RulesetError> {
        let data = postcard::from_bytes(LAID_OUT).map_err(|_| RulesetError::Damaged)?;
        let explanations = EXPLANATIONS.iter().map(|&(rule, page)| (rule.into(), page.into()));
        let embedded = Loaded { data, explanations: explanations.collect() };
        let Some(directory) = directory else { return Ok(embedded.into_ruleset(None)) };
        let own = directory::read(sources.reader(), directory.path)?;
        let mut further =
            FurtherRules { directory: directory.shown.to_owned(), files: Vec::new(), refused: Vec::new() };
        if directory.typed {
            further.files = own.values().map(|file| file.name.clone()).collect();
            return Ok(embedded.replaced(sources, own)?.into_ruleset(Some(further)));
        }
        let mut rules = embedded.into_ruleset(None);
        rules.add_programs(sources, own, &mut further)?;
        rules.further = Some(further);
        Ok(rules)
    }

    /// Adds the profiles that no embedded one has the id of, after all others, so that a process is still recognised by
    /// those first. Everything else is refused, unread.
    fn add_programs(
        &mut self,
        sources: &Sources,
        files: RuleFiles,
        further: &mut FurtherRules,
    ) -> Result<(), RulesetError> {
        let mut problems = Vec::new();
        for (below, file) in files {
            if !below.starts_with("profiles/") {
                further.refuse(&below, "it would replace what is judged by");
                continue;
            }
            let Some(mut profile) = file.profile(sources, &mut problems) else { continue };
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

/// Rules on their way to a [`Ruleset`].
struct Loaded {
    data: RuleData,
    explanations: BTreeMap<Cow<'static, str>, Cow<'static, str>>,
}

impl Loaded {
    /// The same with files in the place of those that have their names, or beside them.
    fn replaced(mut self, sources: &Sources, files: RuleFiles) -> Result<Self, RulesetError> {
        let mut problems = Vec::new();
        for (below, file) in files {
            match below.strip_suffix(".md").and_then(|path| path.strip_prefix("explain/")) {
                Some(rule) => {
                    self.explanations.insert(rule.to_owned().into(), file.text.into());
                }
                None if below == "matrix.yaml" => {
                    self.data.matrix = file.matrix(sources, &mut problems).unwrap_or(self.data.matrix);
                }
                None if below == "filesystems.yaml" => {
                    self.data.filesystems = file.typed(sources, &mut problems).unwrap_or(self.data.filesystems);
                }
                None if below.starts_with("profiles/") => {
                    let profile = file.profile(sources, &mut problems);
                    self.data.profiles.extend(profile.map(|profile| (below, profile)));
                }
                None => {
                    let message =
                        "a rule file is matrix.yaml, filesystems.yaml, profiles/*.yaml or explain/*.md".to_owned();
                    problems.push(Problem { message, span: Span::file_start(file.add(sources)) });
                }
            }
        }
        if problems.is_empty() { Ok(self) } else { Err(RulesetError::Wrong(problems)) }
    }

    fn into_ruleset(self, further: Option<FurtherRules>) -> Ruleset {
        let RuleData { profiles, matrix, filesystems } = self.data;
        let profiles = profiles.into_values().collect();
        Ruleset { profiles, matrix, filesystems, explanations: self.explanations, further }
    }
}

impl Filesystems {
    /// The filesystem type that a bind of this host path will have, with the reason, where that can be told.
    pub fn hint(&self, host_path: &str) -> Option<(&FilesystemType, &HostPathHint)> {
        let hint = self.host_paths.iter().find(|hint| split_below(host_path, &hint.prefix).is_some())?;
        let fstype = self.types.iter().find(|fstype| fstype.name == hint.fstype)?;
        Some((fstype, hint))
    }
}

#[cfg(test)]
mod tests;
