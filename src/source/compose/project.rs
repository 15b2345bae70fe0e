//! One project: its files read, interpolated and merged into one tree. May use `text` and `model`.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::interpolate::{self, Told, Variables};
use super::{Context, Options, Profiles, discover, dotenv, merge, read};
use crate::model::{Diagnostic, Level, clean};
use crate::text::yaml::{self, Data, Limits, Node, YamlError};
use crate::text::{Sources, Span};

/// A project after reading and merging.
#[derive(Debug)]
pub struct Project {
    /// Its name.
    pub name: String,
    /// The directory that relative paths start from, absolute and clean.
    pub directory: String,
    /// The merged tree.
    pub root: Rc<Node>,
    /// What was wrong with the input.
    pub diagnostics: Vec<Diagnostic>,
    /// The variables that interpolation used: the environment over `.env`.
    pub variables: BTreeMap<String, String>,
    /// Which services are looked at.
    pub profiles: Profiles,
}

impl Variables for BTreeMap<String, String> {
    fn get(&self, name: &str) -> Option<&str> {
        self.get(name).map(String::as_str)
    }
}

/// Reads a project: every file, over each other, with variables replaced. What Compose would refuse is told and the
/// rest goes on.
///
/// # Errors
/// Nothing could be read: why, for each file.
pub fn resolve(sources: &Sources, context: &Context, options: &Options) -> Result<Project, Vec<Diagnostic>> {
    let mut loading = Loading {
        sources,
        context,
        options,
        diagnostics: Vec::new(),
        bases: HashMap::new(),
        including: Vec::new(),
        files: 0,
    };
    let given = env_files(context, options);
    let files = match options.files.as_slice() {
        // Where the files are may itself be in `.env`.
        [] => {
            let cwd = context.cwd.display().to_string();
            let variables = loading.variables_of(&cwd, &given, &context.environment);
            loading.diagnostics.clear();
            discover(context, &variables).map_err(|told| vec![told])?
        }
        files => files.to_vec(),
    };
    let directory = directory(context, options, &files);
    let variables = loading.variables_of(&directory, &given, &context.environment);
    let mut root: Option<Rc<Node>> = None;
    for file in &files {
        for document in loading.resolved(file, Path::new(&directory), &variables) {
            root = Some(match root {
                Some(under) => merge::merge(&under, &document, &mut Vec::new()),
                None => document,
            });
        }
    }
    let Some(root) = root else { return Err(loading.diagnostics) };
    let name = name(&variables, options, &root, &directory);
    let profiles = match (&options.profiles, variables.get("COMPOSE_PROFILES")) {
        (Profiles::Active(names), Some(more)) if names.is_empty() => {
            Profiles::Active(more.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect())
        }
        (profiles, _) => profiles.clone(),
    };
    Ok(Project { name, directory, root, diagnostics: loading.diagnostics, variables, profiles })
}

/// The files in the place of `.env`: as given, or `COMPOSE_ENV_FILES`.
fn env_files(context: &Context, options: &Options) -> Vec<PathBuf> {
    let named = context.environment.get("COMPOSE_ENV_FILES").filter(|files| !files.is_empty());
    match (options.env_files.as_slice(), named) {
        ([], Some(files)) => files.split(',').map(PathBuf::from).collect(),
        (given, _) => given.to_vec(),
    }
}

/// The project directory: as given, or where the first file is.
fn directory(context: &Context, options: &Options, files: &[PathBuf]) -> String {
    let first = files.first().map_or(Path::new("-"), PathBuf::as_path);
    let beside = if first == Path::new("-") { Path::new("") } else { first.parent().unwrap_or(Path::new("")) };
    let directory = options.project_directory.as_deref().unwrap_or(beside);
    clean(&context.cwd.join(directory).display().to_string())
}

/// The project's name: as given, `COMPOSE_PROJECT_NAME`, the top-level `name`, or after the directory.
fn name(variables: &BTreeMap<String, String>, options: &Options, root: &Node, directory: &str) -> String {
    let given = options.project_name.clone().or_else(|| variables.get("COMPOSE_PROJECT_NAME").cloned());
    let written = || root.get("name").and_then(|node| node.as_scalar()).map(|scalar| scalar.text.clone());
    let name = given.filter(|name| !name.is_empty()).or_else(written);
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| normalized(directory.rsplit('/').next().unwrap_or("")))
}

/// A directory's name as Compose makes a project's name of it.
fn normalized(name: &str) -> String {
    let lower = name.to_lowercase();
    let kept = lower.chars().filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-'));
    kept.collect::<String>().trim_start_matches(['_', '-']).to_owned()
}

/// A project on its way in.
pub(super) struct Loading<'a> {
    pub(super) sources: &'a Sources,
    pub(super) context: &'a Context,
    pub(super) options: &'a Options,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Files that services were taken from, by absolute path.
    pub(super) bases: HashMap<PathBuf, Option<Rc<Node>>>,
    /// The files that are being included, outermost first.
    pub(super) including: Vec<PathBuf>,
    /// How many files were included in all.
    pub(super) files: usize,
}

impl Loading<'_> {
    /// The variables of `.env` or of the files given in its place, under those that are set around them.
    pub(super) fn variables_of(
        &mut self,
        directory: &str,
        given: &[PathBuf],
        outer: &BTreeMap<String, String>,
    ) -> BTreeMap<String, String> {
        let mut variables = BTreeMap::new();
        let default = Path::new(directory).join(".env");
        let disabled = outer.get("COMPOSE_DISABLE_ENV_FILE").is_some_and(|value| value == "1" || value == "true");
        let files: Vec<PathBuf> = match given {
            [] if default.is_file() && !disabled => vec![default],
            [] => Vec::new(),
            given => given.to_vec(),
        };
        for file in files {
            let name = file.strip_prefix(&self.context.cwd).unwrap_or(&file).display().to_string();
            let read = read::read(self.sources, &self.context.cwd.join(&file), &name, None);
            let (id, text) = match read {
                Ok(read) => read,
                Err(told) => {
                    self.diagnostics.push(told);
                    continue;
                }
            };
            // A later file may build on an earlier one.
            let mut known = variables.clone();
            known.extend(outer.clone());
            match dotenv::parse(&text, &known) {
                Ok(more) => variables.extend(more),
                Err(dotenv::BadLine(line)) => {
                    let pos = crate::text::Pos { line: u32::try_from(line).unwrap_or(1), column: 1 };
                    let message = "this line is no NAME=value; nothing of the file is used";
                    self.diagnostics.push(Diagnostic::at(Level::Error, Span::at(id, pos), message));
                }
            }
        }
        variables.extend(outer.clone());
        variables
    }

    /// The documents of one file with what they extend and include.
    pub(super) fn resolved(
        &mut self,
        file: &Path,
        directory: &Path,
        variables: &BTreeMap<String, String>,
    ) -> Vec<Rc<Node>> {
        let path = PathBuf::from(clean(&self.context.cwd.join(file).display().to_string()));
        let documents = self.documents(file, variables);
        let resolve = |document: &Rc<Node>| {
            let extended = self.extended(document, &path, variables);
            self.included(&extended, directory, variables)
        };
        documents.iter().map(resolve).collect()
    }

    /// The documents of one file, interpolated; none where it is unusable, which is told.
    pub(super) fn documents(&mut self, file: &Path, variables: &BTreeMap<String, String>) -> Vec<Rc<Node>> {
        let path = if file == Path::new("-") { file.to_owned() } else { self.context.cwd.join(file) };
        let read = read::read(self.sources, &path, &file.display().to_string(), self.options.stdin.as_deref());
        let (id, text) = match read {
            Ok(read) => read,
            Err(told) => {
                self.diagnostics.push(told);
                return Vec::new();
            }
        };
        let stream = match yaml::parse(id, &text, Limits::default()) {
            Ok(stream) => stream,
            Err(YamlError { message, span }) => {
                self.diagnostics.push(Diagnostic::at(Level::Error, span, message));
                return Vec::new();
            }
        };
        let twice = stream.duplicates.into_iter().map(|YamlError { message, span }| {
            Diagnostic::at(Level::Error, span, format!("{message}, which Compose refuses; the later one is judged"))
        });
        self.diagnostics.extend(twice);
        let mut documents = Vec::new();
        for document in &stream.documents {
            match &document.data {
                Data::Map(_) => documents.push(self.interpolated(document, variables)),
                _ if document.is_null() => {}
                _ => {
                    let message = format!("a compose file is a mapping, this is {}", document.kind());
                    self.diagnostics.push(Diagnostic::at(Level::Error, document.span, message));
                    return Vec::new();
                }
            }
        }
        if documents.is_empty() {
            let message = "this file is empty; a compose file has at least `services:`";
            self.diagnostics.push(Diagnostic::at(Level::Error, Span::file_start(id), message));
        }
        documents
    }

    fn interpolated(&mut self, document: &Rc<Node>, variables: &BTreeMap<String, String>) -> Rc<Node> {
        let mut told = Told::default();
        let tree = interpolate::tree(document, variables, &mut told);
        for span in told.invalid {
            let message = "a `$` that begins no variable, which Compose refuses; write `$$` for the character itself";
            self.diagnostics.push(Diagnostic::at(Level::Error, span, message));
        }
        for (name, span) in told.unset {
            let message = format!("the variable {name} is not set; it stays ${{{name}}}");
            self.diagnostics.push(Diagnostic::at(Level::Warning, span, message));
        }
        tree
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_directories_become_names_of_projects() {
        assert_eq!(normalized("My App.2"), "myapp2");
        assert_eq!(normalized("_-x_y"), "x_y");
    }
}
