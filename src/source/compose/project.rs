//! One project: its files read, interpolated, merged and completed into one tree, in the order in which Compose does
//! it (compose-go, `loader.loadYamlModel`). May use `text` and `model`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::consistency::{consistency, section, validate};
use super::extends::Base;
use super::interpolate::{self, Told, Unset};
use super::resets::Resets;
use super::tree::{as_text, items, values, with, without};
use super::{
    Context, Mode, Options, Profiles, Refusal, canonical, discover, document, dotenv, merge, normalize, paths, read,
    schema, unique,
};
use crate::model::{Diagnostic, Level, clean};
use crate::text::yaml::{self, Data, Limits, Node, YamlError};
use crate::text::{Pos, Sources, Span};

const EMPTY: &str = "this file is empty; a compose file has at least `services:`";

/// A project after reading and merging.
#[derive(Debug)]
pub struct Project {
    /// Its name.
    pub name: String,
    /// The directory that relative paths start from, absolute and clean.
    pub directory: String,
    /// The tree, in long form, with everything in it that Compose adds.
    pub root: Rc<Node>,
    /// What was wrong with the input.
    pub diagnostics: Vec<Diagnostic>,
    /// The variables that interpolation used: the environment over `.env`.
    pub variables: BTreeMap<String, String>,
    /// The services that are looked at.
    pub active: BTreeSet<String>,
    /// How the project was read.
    pub mode: Mode,
}

/// Reads a project: every file, over each other, with variables replaced. In a review, what Compose would refuse is
/// told and the rest goes on.
///
/// # Errors
/// Nothing could be read, or Compose would refuse the project and it is read strictly: why, for each mistake.
pub fn resolve(sources: &Sources, context: &Context, options: &Options) -> Result<Project, Vec<Diagnostic>> {
    let mut loading = Loading::new(sources, context, options);
    match loading.project() {
        Some(mut project) => {
            project.diagnostics = loading.diagnostics;
            Ok(project)
        }
        None => Err(loading.diagnostics),
    }
}

/// A directory's name as Compose makes a project's name of it.
fn normalized(name: &str) -> String {
    let lower = name.to_lowercase();
    let kept = lower.chars().filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-'));
    kept.collect::<String>().trim_start_matches(['_', '-']).to_owned()
}

/// What one set of files is read with.
#[derive(Debug)]
pub(super) struct Frame {
    /// What relative paths start from: absolute, or relative to the frame around it.
    pub(super) working: String,
    /// The directory that files are looked up in, absolute.
    pub(super) loader: String,
    /// The variables of interpolation.
    pub(super) variables: BTreeMap<String, String>,
    /// Which one this is.
    pub(super) id: usize,
}

impl Frame {
    /// A file as it is looked up.
    pub(super) fn absolute(&self, path: &str) -> PathBuf {
        PathBuf::from(crate::model::join(&self.loader, path))
    }

    /// The directory that a file's own paths start from, as it is from here. What is no directory is taken for a file
    /// in one, as Compose takes it.
    pub(super) fn directory_of(&self, path: &str) -> String {
        let absolute = self.absolute(path);
        let directory = if absolute.is_dir() { &*absolute } else { absolute.parent().unwrap_or(Path::new("/")) };
        relative(&self.loader, &directory.display().to_string())
    }
}

/// The path that leads from one absolute directory to another.
fn relative(from: &str, to: &str) -> String {
    let parts =
        |path: &str| -> Vec<String> { path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect() };
    let (from, to) = (parts(from), parts(to));
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..", from.len() - common);
    let down = to.iter().skip(common).map(String::as_str);
    let path: Vec<&str> = up.chain(down).collect();
    if path.is_empty() { ".".to_owned() } else { path.join("/") }
}

/// A project on its way in.
pub(super) struct Loading<'a> {
    pub(super) sources: &'a Sources,
    pub(super) context: &'a Context,
    options: &'a Options,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Whether Compose would refuse what was read so far.
    refused: bool,
    /// What `~` stands for.
    pub(super) home: Option<String>,
    /// Files that services were taken from, by path and frame.
    pub(super) bases: HashMap<(PathBuf, usize), Option<Rc<Base>>>,
    /// How many files were included in all.
    pub(super) files: usize,
    /// How many frames there were in all.
    pub(super) frames: usize,
}

impl<'a> Loading<'a> {
    fn new(sources: &'a Sources, context: &'a Context, options: &'a Options) -> Self {
        let home = context.environment.get("HOME").filter(|home| !home.is_empty()).cloned();
        Self {
            sources,
            context,
            options,
            diagnostics: Vec::new(),
            refused: false,
            home,
            bases: HashMap::new(),
            files: 0,
            frames: 0,
        }
    }

    fn is_strict(&self) -> bool {
        self.options.mode == Mode::Strict
    }

    /// Tells what Compose refuses, each once.
    pub(super) fn refuse(&mut self, refusal: Refusal) {
        self.refused = true;
        let diagnostic = match (self.options.mode, refusal.consequence) {
            (Mode::Strict, _) => Diagnostic::at(Level::Error, refusal.span, refusal.message),
            (Mode::Review, None) => Diagnostic::at(refusal.in_review, refusal.span, refusal.message),
            (Mode::Review, Some(consequence)) => {
                let message = format!("{}; {consequence}", refusal.message);
                Diagnostic::at(refusal.in_review, refusal.span, message)
            }
        };
        self.tell(diagnostic);
    }

    pub(super) fn refuse_all(&mut self, refusals: Vec<Refusal>) {
        for refusal in refusals {
            self.refuse(refusal);
        }
    }

    fn tell(&mut self, diagnostic: Diagnostic) {
        if !self.diagnostics.contains(&diagnostic) {
            self.refused |= diagnostic.level == Level::Error;
            self.diagnostics.push(diagnostic);
        }
    }

    /// Nothing goes on after what Compose refuses, except in a review.
    fn go_on(&self) -> Option<()> {
        (!self.refused || !self.is_strict()).then_some(())
    }

    /// A file's name as a person would write it.
    pub(super) fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.context.cwd).unwrap_or(path).display().to_string()
    }

    fn project(&mut self) -> Option<Project> {
        let (files, directory, variables) = self.found()?;
        let (name, variables) = self.name(&files, &directory, variables)?;
        let frame = Frame { working: directory.clone(), loader: directory.clone(), variables, id: 0 };
        let root = self.model(&files, &frame, &[]);
        if root.is_none() && !self.refused {
            let file = files.first().map(|file| file.display().to_string());
            self.tell(Diagnostic::about(Level::Error, file, EMPTY));
        }
        let root = root?;
        self.complete(name, directory, frame, &root)
    }

    fn complete(&mut self, name: String, directory: String, frame: Frame, root: &Rc<Node>) -> Option<Project> {
        if root.as_map().is_some_and(<[_]>::is_empty) && self.diagnostics.is_empty() {
            self.tell(Diagnostic::at(Level::Error, Span { end: root.span.start, ..root.span }, EMPTY));
        }
        self.go_on()?;
        let root = normalize::normalize(root, &name, &frame.variables);
        self.refuse_all(document::refusals(&root));
        self.go_on()?;
        let profiles = self.profiles(&frame.variables);
        let services = section(&root, "services").iter();
        let active = services.filter(|service| starts(&service.value, &profiles)).map(|service| service.key.clone());
        let active: BTreeSet<String> = active.collect();
        self.refuse_all(consistency(&root, &active));
        self.go_on()?;
        let (variables, mode) = (frame.variables, self.options.mode);
        Some(Project { name, directory, root, diagnostics: Vec::new(), variables, active, mode })
    }

    fn profiles(&self, variables: &BTreeMap<String, String>) -> Profiles {
        match &self.options.profiles {
            Profiles::Active(names) if names.is_empty() => {
                // Where none is named, the one without a name is active.
                let more = variables.get("COMPOSE_PROFILES").map_or("", String::as_str);
                Profiles::Active(more.split(',').map(|name| name.trim().to_owned()).collect())
            }
            profiles => profiles.clone(),
        }
    }

    /// The files, the project directory and the variables. `.env` is read where Compose runs, which may say where the
    /// files are, and then beside them.
    fn found(&mut self) -> Option<(Vec<PathBuf>, String, BTreeMap<String, String>)> {
        let (context, options) = (self.context, self.options);
        let given = self.env_files_given();
        self.check_switches();
        let before = self.directory(&options.files);
        let mut variables = self.variables_of(&self.env_files(&before, &given), &context.environment);
        let files = match options.files.as_slice() {
            [] => match discover(context, Path::new(&before), &variables) {
                Ok(files) => files,
                Err(told) => {
                    self.tell(told);
                    return None;
                }
            },
            files => files.to_vec(),
        };
        let directory = self.directory(&files);
        if directory != before && given.is_empty() {
            variables = self.variables_of(&self.env_files(&directory, &given), &variables);
        }
        self.go_on()?;
        Some((files, directory, variables))
    }

    /// The files in the place of `.env`: as given, or `COMPOSE_ENV_FILES`.
    fn env_files_given(&self) -> Vec<PathBuf> {
        let named = self.context.environment.get("COMPOSE_ENV_FILES").filter(|files| !files.is_empty());
        match (self.options.env_files.as_slice(), named) {
            ([], Some(files)) => files.split(',').map(PathBuf::from).collect(),
            (given, _) => given.to_vec(),
        }
    }

    /// The project directory: as given, or where the first file is that is one.
    fn directory(&self, files: &[PathBuf]) -> String {
        let first = files.iter().find(|file| file.as_path() != Path::new("-"));
        let beside = first.and_then(|first| first.parent()).unwrap_or(Path::new(""));
        let directory = self.options.project_directory.as_deref().unwrap_or(beside);
        clean(&self.context.cwd.join(directory).display().to_string())
    }

    /// The project's name: as given, `COMPOSE_PROJECT_NAME`, the last top-level `name`, or after the directory. It is
    /// a variable of interpolation too.
    fn name(
        &mut self,
        files: &[PathBuf],
        directory: &str,
        mut variables: BTreeMap<String, String>,
    ) -> Option<(String, BTreeMap<String, String>)> {
        let given = self.options.project_name.clone().filter(|name| !name.is_empty());
        let given = given.or_else(|| variables.get("COMPOSE_PROJECT_NAME").filter(|name| !name.is_empty()).cloned());
        let name = match given {
            Some(name) => {
                if normalized(&name) != name || name.is_empty() {
                    let message = format!(
                        "the project name `{name}` is not usable; it has lower-case letters, digits, `-` and `_`, and \
                         begins with a letter or a digit"
                    );
                    self.tell(Diagnostic::about(Level::Error, None, message));
                }
                name
            }
            None => match self.written_name(files, &variables) {
                Some(written) => normalized(&written),
                None => normalized(directory.rsplit('/').next().unwrap_or("")),
            },
        };
        if name.is_empty() {
            let message = "the project has no name; give it one with `name:` or --project-name";
            self.tell(Diagnostic::about(Level::Error, files.first().map(|file| file.display().to_string()), message));
        }
        self.go_on()?;
        variables.insert("COMPOSE_PROJECT_NAME".to_owned(), name.clone());
        Some((name, variables))
    }

    /// The last `name` of the files. What is wrong with them is told when they are read for good.
    fn written_name(&mut self, files: &[PathBuf], variables: &BTreeMap<String, String>) -> Option<String> {
        let mut name = None;
        for file in files {
            let path = if file == Path::new("-") { file.clone() } else { self.context.cwd.join(file) };
            let Ok(text) = read::text(&path, self.options.stdin.as_deref()) else { continue };
            // Most files have none, and reading them twice is not free.
            if !text.contains("name") {
                continue;
            }
            let Ok(stream) = yaml::parse(crate::text::FileId::default(), &text, Limits::default()) else { continue };
            for document in &stream.documents {
                let written = document.get("name").and_then(|name| super::tree::written(name));
                name = written.filter(|name| !name.is_empty()).or(name);
            }
        }
        let expanded = interpolate::expand(&name?, variables, Unset::Empty).ok()?;
        Some(expanded.text)
    }

    /// The `.env` of a directory, if it is there and is to be read, or the files given in its place.
    fn env_files(&self, directory: &str, given: &[PathBuf]) -> Vec<PathBuf> {
        let default = Path::new(directory).join(".env");
        match given {
            [] if default.is_file() && !self.is_env_disabled() => vec![default],
            [] => Vec::new(),
            given => given.to_vec(),
        }
    }

    /// The variables of some files, a later one over an earlier one, under those that are set around them.
    pub(super) fn variables_of(
        &mut self,
        files: &[PathBuf],
        outer: &BTreeMap<String, String>,
    ) -> BTreeMap<String, String> {
        let mut own = BTreeMap::new();
        for file in files {
            let path = self.context.cwd.join(file);
            let name = self.shown(&path);
            let (id, text) = match read::read(self.sources, &path, &name, None) {
                Ok(read) => read,
                Err(told) => {
                    self.tell(told);
                    continue;
                }
            };
            if let Err(bad) = dotenv::parse(&text, &mut own, outer) {
                let span = Span::at(id, Pos { line: u32::try_from(bad.line).unwrap_or(1), column: 1 });
                let message = format!("{}; nothing from here on is used", bad.message);
                self.tell(Diagnostic::at(Level::Error, span, message));
            }
        }
        own.extend(outer.clone());
        own
    }

    fn is_env_disabled(&self) -> bool {
        let value = self.context.environment.get("COMPOSE_DISABLE_ENV_FILE").map(String::as_str);
        matches!(value, Some("1" | "t" | "T" | "true" | "TRUE" | "True"))
    }

    /// Compose refuses what is neither true nor false to it.
    fn check_switches(&mut self) {
        let value = self.context.environment.get("COMPOSE_DISABLE_ENV_FILE").map(String::as_str);
        let off = matches!(value, None | Some("0" | "f" | "F" | "false" | "FALSE" | "False"));
        let asked = self.options.env_files.is_empty() && !self.context.environment.contains_key("COMPOSE_ENV_FILES");
        if asked && !off && !self.is_env_disabled() {
            let message = "the variable COMPOSE_DISABLE_ENV_FILE is neither true nor false";
            self.tell(Diagnostic::about(Level::Error, None, message));
        }
    }

    /// The model of some files over each other.
    pub(super) fn model(&mut self, files: &[PathBuf], frame: &Frame, including: &[PathBuf]) -> Option<Rc<Node>> {
        let mut root: Option<Rc<Node>> = None;
        let mut including = including.to_vec();
        for file in files {
            let path = if file == Path::new("-") { file.clone() } else { self.absolute(file) };
            let documents = self.documents(file, frame);
            including.push(path.clone());
            for (document, resets) in documents {
                let extended = self.extended(&document, &resets, path.clone(), frame);
                let included = self.included(&extended, frame, &including);
                self.go_on()?;
                root = Some(self.merged(root, &included, &resets, true));
                self.go_on()?;
            }
        }
        self.go_on()?;
        let root = canonical::with_defaults(&root?);
        self.refuse_all(validate(&root));
        let mut told = Vec::new();
        let base = paths::Base { directory: &frame.working, home: self.home.as_deref() };
        let root = paths::resolve(&root, &base, &mut told);
        self.refuse_all(told);
        Some(with_environment(&root, &frame.variables))
    }

    fn absolute(&self, file: &Path) -> PathBuf {
        PathBuf::from(clean(&self.context.cwd.join(file).display().to_string()))
    }

    /// A document put over what stands before it, in long form.
    pub(super) fn merged(
        &mut self,
        under: Option<Rc<Node>>,
        document: &Rc<Node>,
        resets: &Resets,
        is_checked: bool,
    ) -> Rc<Node> {
        let mut told = Vec::new();
        let merged = match under {
            Some(under) => merge::merge(&resets.apply(&under), document, &mut told),
            None => Rc::clone(document),
        };
        let merged = unique::unique(&merged, &mut told);
        let checked = if is_checked { schema::check(&merged, &mut told) } else { merged };
        let canonical = canonical::canonical(&without(&checked, "version"), &mut told);
        let canonical = unique::unique(&canonical, &mut told);
        self.refuse_all(told);
        canonical
    }

    /// The documents of one file, interpolated, with what they reset; none where it is unusable, which is told.
    pub(super) fn documents(&mut self, file: &Path, frame: &Frame) -> Vec<(Rc<Node>, Resets)> {
        let path = if file == Path::new("-") { file.to_owned() } else { self.context.cwd.join(file) };
        let name = self.shown(file);
        let (id, text) = match read::read(self.sources, &path, &name, self.options.stdin.as_deref()) {
            Ok(read) => read,
            Err(told) => {
                self.tell(told);
                return Vec::new();
            }
        };
        let stream = match yaml::parse(id, &text, Limits::default()) {
            Ok(stream) => stream,
            Err(YamlError { message, span }) => {
                self.tell(Diagnostic::at(Level::Error, span, message));
                return Vec::new();
            }
        };
        for YamlError { message, span } in stream.duplicates {
            self.refuse(
                Refusal::new(span, format!("{message}, which Compose refuses")).then("the later one is judged"),
            );
        }
        for YamlError { message, span } in stream.typed_keys {
            self.refuse(Refusal::new(span, message));
        }
        let mut documents = Vec::new();
        for document in &stream.documents {
            match &document.data {
                Data::Map(_) => documents.push(document),
                // A review takes an empty document for none, unless it is all there is.
                _ if document.is_null() && !self.is_strict() => {
                    if stream.documents.len() > 1 {
                        let message = "an empty document, which Compose refuses";
                        self.tell(Diagnostic::at(Level::Warning, document.span, message));
                    }
                }
                _ => {
                    let message = format!("a compose file is a mapping, this is {}", document.kind());
                    self.refuse(Refusal::new(document.span, message));
                    return Vec::new();
                }
            }
        }
        // To Compose a file without a word in it is nothing, as long as another one says something.
        if documents.is_empty() && !self.is_strict() {
            self.tell(Diagnostic::at(Level::Error, Span::file_start(id), EMPTY));
        }
        documents.into_iter().map(|document| self.interpolated(document, frame)).collect()
    }

    fn interpolated(&mut self, document: &Rc<Node>, frame: &Frame) -> (Rc<Node>, Resets) {
        let (document, resets) = Resets::of(document);
        let mut told = Told::default();
        let unset = if self.is_strict() { Unset::Empty } else { Unset::Symbol };
        let tree = interpolate::tree(&document, &frame.variables, unset, &mut told);
        for (span, message) in told.refused {
            self.refuse(Refusal::new(span, message));
        }
        for (name, span) in told.unset {
            let becomes = if self.is_strict() {
                "nothing is put in its place".to_owned()
            } else {
                format!("it stays ${{{name}}}")
            };
            let message = format!("the variable {name} is not set; {becomes}");
            self.tell(Diagnostic::at(Level::Warning, span, message));
        }
        (tree, resets)
    }
}

/// Whether a service is started with the profiles.
fn starts(service: &Node, profiles: &Profiles) -> bool {
    let Profiles::Active(active) = profiles else { return true };
    let own = service.get("profiles").and_then(|profiles| profiles.as_seq()).unwrap_or_default();
    own.is_empty() || active.iter().any(|one| one == "*" || own.iter().any(|own| as_text(own) == Some(one)))
}

/// Names without a value in lists of variables, with the value that they have in the file's own variables.
fn with_environment(root: &Rc<Node>, variables: &BTreeMap<String, String>) -> Rc<Node> {
    let Some(services) = root.get("services") else { return Rc::clone(root) };
    let services = values(services, |service| match service.value.get("environment") {
        Some(environment) if environment.as_seq().is_some() => {
            let environment = items(environment, |item| match as_text(item).map(|name| (name, variables.get(name))) {
                Some((name, Some(value))) => normalize::assigned(item, name, value),
                _ => Rc::clone(item),
            });
            with(&service.value, "environment", environment)
        }
        _ => Rc::clone(&service.value),
    });
    with(root, "services", services)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_directories_become_names_of_projects() {
        assert_eq!(normalized("My App.2"), "myapp2");
        assert_eq!(normalized("_-x_y"), "x_y");
    }

    #[test]
    fn the_way_from_one_directory_to_another() {
        assert_eq!(relative("/a/b", "/a/b/c"), "c");
        assert_eq!(relative("/a/b", "/a/c"), "../c");
        assert_eq!(relative("/a", "/a"), ".");
    }
}
