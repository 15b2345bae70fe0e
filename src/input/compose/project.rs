//! One project: its files read, interpolated, merged and completed into one tree, in the order in which Compose does
//! it (compose-go, `loader.loadYamlModel`). May use `text` and `model`.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::consistency::{consistency, validate};
use super::extended_file::ExtendedFile;
use super::frame::Frame;
use super::interpolate::{self, InterpolationNotes};
use super::resets::Resets;
use super::tree::{as_text, items, items_of, section, values, with, without};
use super::{
    Context, Mode, Options, Profiles, Refusal, canonical, document, merge, normalize, paths, read, schema, unique,
};
use crate::model::{Diagnostic, Level, MISTAKEN_PART, MistakenPart, Unseen, UnsetVariable, Value, clean};
use crate::text::yaml::{self, Data, Entry, Limits, Node, YamlError};
use crate::text::{ShownText, Sources, Span};

const EMPTY: &str = "this file is empty; a compose file has at least `services:`";

/// A project after reading and merging.
#[derive(Debug)]
pub struct Project {
    /// Its name.
    pub name: String,
    /// What is shown of its name.
    pub shown_name: ShownText,
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
    /// What of a service, by its name, could not be read.
    pub unseen: HashMap<String, Vec<Unseen>>,
    /// The parts of a service, by its name, that are left out since they are wrong.
    pub mistakes: HashMap<String, Vec<MistakenPart>>,
}

/// A compose file that was to be read.
#[derive(Debug)]
pub(super) struct ProjectFile {
    /// Its path.
    pub(super) path: PathBuf,
    /// Its name as a person would write it.
    pub(super) shown: String,
    /// Its text, where that is there and is no YAML.
    pub(super) text: Option<String>,
    /// Why nothing of it was used; `None` where it was read.
    pub(super) fault: Option<String>,
}

/// What came of reading a project.
#[derive(Debug)]
pub(super) struct LoadedProject {
    /// The project, or why there is none.
    pub(super) project: Result<Project, Vec<Diagnostic>>,
    /// Its files, those that it includes and extends too.
    pub(super) files: Vec<ProjectFile>,
}

/// Reads a project: every file, over each other, with variables replaced. In a review, what Compose would refuse is
/// told and the rest goes on.
///
/// # Errors
/// Nothing could be read, or Compose would refuse the project and it is read strictly: why, for each mistake.
pub fn resolve(sources: &Sources, context: &Context, options: &Options) -> Result<Project, Vec<Diagnostic>> {
    load_project(sources, context, options).project
}

/// Reads a project as [`resolve`] does, and tells which files that took.
pub(super) fn load_project(sources: &Sources, context: &Context, options: &Options) -> LoadedProject {
    let mut loading = Loading::new(sources, context, options);
    let project = loading.project();
    let diagnostics = loading.diagnostics;
    let project = match project {
        Some(project) => Ok(Project { diagnostics, ..project }),
        None => Err(diagnostics),
    };
    LoadedProject { project, files: loading.read_files }
}

/// A project on its way in.
pub(super) struct Loading<'a> {
    pub(super) sources: &'a Sources,
    pub(super) context: &'a Context,
    pub(super) options: &'a Options,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// What was told: each is told once.
    told: HashSet<(Option<Span>, String)>,
    /// Whether Compose would refuse what was read so far.
    refused: bool,
    /// What `~` stands for.
    pub(super) home: Option<String>,
    /// Files that services were taken from, by path and frame.
    pub(super) bases: HashMap<(PathBuf, usize), Option<Rc<ExtendedFile>>>,
    /// What of a service, by its name, could not be read.
    pub(super) unseen: HashMap<String, Vec<Unseen>>,
    /// The parts of a service, by its name, that are left out since they are wrong.
    mistakes: HashMap<String, Vec<MistakenPart>>,
    /// Services as they are written, for what is told of a part of one.
    places: Vec<Entry>,
    /// Where the first file without a word in it begins.
    empty: Option<Span>,
    /// What is shown of the paths of files that values of the environment are part of.
    pub(super) shown_files: HashMap<PathBuf, String>,
    /// The compose files that were to be read so far.
    read_files: Vec<ProjectFile>,
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
            told: HashSet::new(),
            refused: false,
            home,
            bases: HashMap::new(),
            unseen: HashMap::new(),
            mistakes: HashMap::new(),
            places: Vec::new(),
            empty: None,
            shown_files: HashMap::new(),
            read_files: Vec::new(),
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

    pub(super) fn tell(&mut self, diagnostic: Diagnostic) {
        if self.told.insert((diagnostic.span, diagnostic.message.clone())) {
            self.refused |= diagnostic.level == Level::Error;
            self.diagnostics.push(diagnostic);
        }
    }

    /// Nothing goes on after what Compose refuses, except in a review.
    pub(super) fn go_on(&self) -> Option<()> {
        (!self.refused || !self.is_strict()).then_some(())
    }

    /// A file's name as a person would write it.
    pub(super) fn shown(&self, path: &Path) -> String {
        if let Some(shown) = self.shown_files.get(path) {
            return shown.clone();
        }
        self.context.name(path).display().to_string()
    }

    fn project(&mut self) -> Option<Project> {
        let (files, directory, variables) = self.found()?;
        let (name, variables) = self.name(&files, &directory, variables)?;
        let frame = Frame { working: directory.clone(), loader: directory.clone(), variables, id: 0 };
        let root = self.model(&files, &frame, &[], None);
        if root.is_none() && !self.refused {
            let file = files.first().map(|file| file.display().to_string());
            self.tell(match self.empty {
                Some(start) => Diagnostic::at(Level::Error, start, EMPTY),
                None => Diagnostic::about(Level::Error, file, EMPTY),
            });
        }
        let root = root?;
        self.complete(name, directory, frame, &root)
    }

    fn complete(&mut self, name: Value, directory: String, frame: Frame, root: &Rc<Node>) -> Option<Project> {
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
        self.unknown_profiles(&root);
        self.refuse_all(consistency(&root, &active));
        self.go_on()?;
        self.doubt();
        let (variables, mode) = (frame.variables, self.options.mode);
        Some(Project {
            name: name.text,
            shown_name: name.shown,
            directory,
            root,
            diagnostics: Vec::new(),
            variables,
            active,
            mode,
            unseen: std::mem::take(&mut self.unseen),
            mistakes: std::mem::take(&mut self.mistakes),
        })
    }

    /// A profile that no service has is a slip: it would leave the others out of a review without a word.
    fn unknown_profiles(&mut self, root: &Node) {
        let Profiles::Active(asked) = &self.options.profiles else { return };
        let services = section(root, "services").iter();
        let known: HashSet<&str> = services
            .flat_map(|service| items_of(&service.value, "profiles"))
            .filter_map(|profile| as_text(profile))
            .collect();
        for profile in asked.iter().filter(|profile| *profile != "*" && !profile.is_empty()) {
            if !known.contains(profile.as_str()) {
                let message = format!("no service has the profile `{profile}`");
                self.tell(Diagnostic::about(Level::Warning, None, message));
            }
        }
    }

    /// A service of which a part is of no use was not seen whole. It is said at its name: the part may hold a secret.
    fn doubt(&mut self) {
        // Services do not overlap, so the last one that begins before a place is the only one that may hold it.
        let begins = |service: &Entry| (service.value.span.file, service.value.span.start);
        self.places.sort_by_key(begins);
        // What others take from a service is theirs too.
        let takes = |service: &Entry| ["extends", "volumes_from"].iter().any(|key| service.value.get(key).is_some());
        let is_lent = self.places.iter().any(takes);
        let told = self.diagnostics.iter().filter(|diagnostic| diagnostic.level >= Level::Gap);
        for span in told.filter_map(|diagnostic| diagnostic.span) {
            let after = self.places.partition_point(|service| begins(service) <= (span.file, span.start));
            let Some(service) = after.checked_sub(1).and_then(|at| self.places.get(at)) else { continue };
            if service.value.span.file == span.file && span.end <= service.value.span.end {
                let of_service = service.value.as_map().unwrap_or_default().iter();
                let mut around = of_service.filter(|entry| {
                    (entry.key_span.start..=entry.value.span.end.max(entry.key_span.end)).contains(&span.start)
                });
                if let Some(part) = around.next_back().filter(|_| !is_lent) {
                    let source = self.sources.get(span.file);
                    let may_declare = source.slice(part.value.span).contains("overlock.");
                    let mistake = MistakenPart { key: part.key.clone(), span, may_declare };
                    self.mistakes.entry(service.key.clone()).or_default().push(mistake);
                }
                let unseen = self.unseen.entry(service.key.clone()).or_default();
                if unseen.is_empty() {
                    let what = MISTAKEN_PART.to_owned();
                    unseen.push(Unseen { what, span: service.key_span });
                }
            }
        }
    }

    /// The model of some files over each other.
    pub(super) fn model(
        &mut self,
        files: &[PathBuf],
        frame: &Frame,
        including: &[PathBuf],
        named_at: Option<Span>,
    ) -> Option<Rc<Node>> {
        let mut root: Option<Rc<Node>> = None;
        for file in files {
            let path = if file == Path::new("-") { file.clone() } else { self.absolute(file) };
            let documents = self.documents(file, frame, named_at);
            // Each file by itself: another one beside it may include what stands before (compose-go, `loadYamlFile`).
            let including = [including, std::slice::from_ref(&path)].concat();
            for (document, resets) in documents {
                self.places.extend(section(&document, "services").iter().cloned());
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
        let shows_values = self.context.shows_values;
        let base = paths::Base { directory: &frame.working, home: self.home.as_deref(), shows_values };
        let root = paths::resolve(&root, &base, &mut told);
        self.refuse_all(told);
        Some(with_environment(&root, &frame.variables))
    }

    /// Remembers what is shown of a file that a node names.
    pub(super) fn show_file(&mut self, path: &Path, node: &Node) {
        if let Some(scalar) = node.as_scalar().filter(|scalar| !scalar.shown.is_plain()) {
            let shown = scalar.shown.path(&scalar.text);
            self.shown_files.insert(path.to_owned(), shown.into_owned());
        }
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
        let is_written = self.options.written.is_some();
        let checked = if is_checked { schema::check(&merged, is_written, &mut told) } else { merged };
        let canonical = canonical::canonical(&without(&checked, "version"), &mut told);
        let canonical = unique::unique(&canonical, &mut told);
        self.refuse_all(told);
        canonical
    }

    /// The documents of one file, interpolated, with what they reset; none where it is unusable, which is told, at the
    /// place where another file names it.
    pub(super) fn documents(&mut self, file: &Path, frame: &Frame, named_at: Option<Span>) -> Vec<(Rc<Node>, Resets)> {
        let path = if file == Path::new("-") { file.to_owned() } else { self.context.cwd.join(file) };
        let name = self.shown(file);
        let (id, text) = match read::read_compose(self.sources, &path, &name, self.options) {
            Ok(read) => read,
            Err(told) => {
                self.add_read_file(&path, &name, None, Some(&told.message));
                // A file that another one names is missing there.
                self.tell(match (told.span, named_at) {
                    (None, Some(span)) => Diagnostic::at(told.level, span, format!("{name}: {}", told.message)),
                    _ => told,
                });
                return Vec::new();
            }
        };
        let stream = match yaml::parse(id, &text, Limits::default()) {
            Ok(stream) => stream,
            Err(YamlError { message, span }) => {
                self.add_read_file(&path, &name, Some(text), Some(&message));
                self.tell(Diagnostic::at(Level::Error, span, message));
                return Vec::new();
            }
        };
        self.add_read_file(&path, &name, None, None);
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
        if documents.is_empty() {
            let start = Span::file_start(id);
            self.empty.get_or_insert(start);
            if !self.is_strict() {
                self.tell(Diagnostic::at(Level::Error, start, EMPTY));
            }
        }
        documents.into_iter().map(|document| self.interpolated(document, frame)).collect()
    }

    fn add_read_file(&mut self, path: &Path, name: &str, text: Option<String>, fault: Option<&str>) {
        let fault = fault.map(str::to_owned);
        self.read_files.push(ProjectFile { path: path.to_owned(), shown: name.to_owned(), text, fault });
    }

    fn interpolated(&mut self, document: &Rc<Node>, frame: &Frame) -> (Rc<Node>, Resets) {
        let (document, resets) = Resets::of(document);
        let mut told = InterpolationNotes::default();
        let unset = if self.is_strict() { UnsetVariable::Empty } else { UnsetVariable::Symbol };
        let known = self.known(&frame.variables);
        let tree = interpolate::tree(&document, &known, unset, &mut told);
        self.refuse_all(told.refused);
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
    let own = items_of(service, "profiles");
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
