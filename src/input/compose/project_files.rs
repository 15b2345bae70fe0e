//! Which files are read together, where commands of the repository say so: what a script brings up by `compose -f a -f b`
//! is one project of these files, and what Compose refuses alone goes over the default file beside it. Uses `discover`,
//! `search` and `text`.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::called_project::CalledProject;
use super::discover::is_default_name;
use super::search::ONLY_A_PART;
use super::{ComposeKind, WrittenFile};
use crate::input::{FoundBy, FoundInput};
use crate::text::yaml::{self, Entry, Limits};
use crate::text::{FileId, Reader};

/// How large a file may be that is looked at for what it lacks, in bytes.
const MAX_FILE: u64 = 1024 * 1024;
/// How many projects commands make: of more, no further one is told from those that are found.
const MAX_CALLED: usize = 1000;
/// Keys by which a file takes in others.
const FURTHER_FILES: [&str; 2] = ["include:", "extends:"];
/// Variables that say something to Compose itself, whatever the files name.
const OF_COMPOSE: [&str; 3] = ["COMPOSE_PROFILES", "COMPOSE_DISABLE_ENV_FILE", "HOME"];
/// Keys that give a service something to run.
const RUNNING_KEYS: [&str; 4] = ["image", "build", "extends", "provider"];

/// Makes projects of the compose files that were found, by how they are called: one for each set of files and each name.
/// What nobody calls stays a project as it was found.
pub fn form_projects(found: Vec<FoundInput>, called: &[CalledProject], cwd: &Path, reader: &Reader) -> Vec<FoundInput> {
    let grouping = ProjectFormer::new(&found, called, cwd, reader);
    let mut formed = Vec::with_capacity(found.len());
    for input in found {
        grouping.form(input, &mut formed);
    }
    let known: HashSet<Vec<PathBuf>> = formed.iter().map(|input| grouping.real_files(&input.files)).collect();
    let further = grouping.calls.iter().filter(|(files, _)| !known.contains(*files));
    let further = further
        .flat_map(|(files, calls)| grouping.distinct_calls(files, calls).into_iter().map(move |call| (files, call)));
    for (files, call) in further {
        let written = files.iter().find_map(|file| grouping.written.get(file).cloned());
        let files = files.iter().map(|file| file.strip_prefix(cwd).unwrap_or(file).to_owned()).collect();
        let found_by = FoundBy::Name;
        let directory = call.runs_in.clone();
        let called = Some(call);
        let left_out = None;
        formed.push(FoundInput { kind: &ComposeKind, files, directory, found_by, left_out, called, written });
    }
    formed
}

/// The files that a call names, where they may be read: from where it runs on, or else from where its script is.
fn readable_files(call: &CalledProject, is_there: impl Fn(&Path) -> bool) -> Option<Vec<PathBuf>> {
    let are_there = |files: &[PathBuf]| files.iter().all(|file| is_there(file));
    if are_there(&call.files) {
        return Some(call.files.clone());
    }
    let (runs_in, beside) = (call.runs_in.as_ref()?, call.beside.as_ref()?);
    let moved = call.files.iter().map(|file| Some(beside.join(file.strip_prefix(runs_in).ok()?)));
    moved.collect::<Option<Vec<PathBuf>>>().filter(|files| are_there(files))
}

/// The variables that a project can hang on.
struct UsedNames {
    names: HashSet<String>,
    /// Whether it has further files, which may name any.
    are_open: bool,
}

impl UsedNames {
    fn of(texts: &[String]) -> Self {
        let is_part = |ch: char| ch.is_ascii_alphanumeric() || ch == '_';
        let words = texts.iter().flat_map(|text| text.split(|ch| !is_part(ch)));
        let names = words.filter(|word| !word.is_empty()).map(str::to_owned).collect();
        Self { names, are_open: texts.iter().any(|text| FURTHER_FILES.iter().any(|key| text.contains(key))) }
    }

    fn are_named(&self, name: &str) -> bool {
        self.are_open || self.names.contains(name) || OF_COMPOSE.contains(&name)
    }
}

struct ProjectFormer<'a> {
    cwd: &'a Path,
    reader: &'a Reader,
    /// The files that scripts write, by their paths.
    written: HashMap<PathBuf, Arc<WrittenFile>>,
    /// The calls of each set of files, without links.
    calls: BTreeMap<Vec<PathBuf>, BTreeSet<&'a CalledProject>>,
    /// The files that some call names by `-f`.
    covered: HashSet<PathBuf>,
    /// The default file of each directory that has one, as it is written.
    defaults: BTreeMap<PathBuf, PathBuf>,
}

impl<'a> ProjectFormer<'a> {
    fn new(found: &[FoundInput], called: &'a [CalledProject], cwd: &'a Path, reader: &'a Reader) -> Self {
        let (calls, covered, defaults) = Default::default();
        let written = found.iter().filter_map(|input| input.written.clone());
        let written = written.map(|file| (file.path.clone(), file)).collect();
        let mut former = Self { cwd, reader, written, calls, covered, defaults };
        let mut default_sets: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
        for input in found.iter().filter(|input| input.left_out.is_none()) {
            let Some(first) = input.files.first() else { continue };
            let is_default = first.file_name().and_then(|name| name.to_str()).is_some_and(is_default_name);
            if is_default || (input.found_by == FoundBy::Name && input.directory.is_some()) {
                let directory = input.directory.clone().or_else(|| cwd.join(first).parent().map(Path::to_owned));
                let directory = former.real(&directory.unwrap_or_default());
                former.defaults.insert(directory.clone(), first.clone());
                default_sets.insert(directory, former.real_files(&input.files));
            }
        }
        for call in called.iter().take(MAX_CALLED) {
            if call.files.is_empty() {
                let starts = [call.directory.as_ref().or(call.runs_in.as_ref()), call.beside.as_ref()];
                let starts: Vec<PathBuf> = starts.into_iter().flatten().map(|start| former.real(start)).collect();
                let set = starts.iter().flat_map(|start| start.ancestors()).find_map(|at| default_sets.get(at));
                if let Some(set) = set {
                    former.calls.entry(set.clone()).or_default().insert(call);
                }
            } else if let Some(files) = readable_files(call, |file| former.is_there(file)) {
                let set = former.real_files(&files);
                former.covered.extend(set.iter().cloned());
                former.calls.entry(set).or_default().insert(call);
            }
        }
        former
    }

    fn is_there(&self, file: &Path) -> bool {
        self.written.contains_key(file) || self.reader.has_input(file)
    }

    fn text_of(&self, file: &Path) -> Option<String> {
        let written = self.written.get(file).map(|written| written.text.clone());
        written.or_else(|| self.reader.read_text(file, MAX_FILE).ok())
    }

    fn real(&self, path: &Path) -> PathBuf {
        let path = self.cwd.join(path);
        self.reader.real_path(&path).unwrap_or(path)
    }

    fn real_files(&self, files: &[PathBuf]) -> Vec<PathBuf> {
        files.iter().map(|file| self.real(file)).collect()
    }

    /// Adds what becomes of one input: itself, once for each name that it is called by; the default file with it; or
    /// nothing, where it is read with others.
    fn form(&self, input: FoundInput, formed: &mut Vec<FoundInput>) {
        if input.kind.name() != ComposeKind::NAME {
            formed.push(input);
            return;
        }
        let files = self.real_files(&input.files);
        if let Some(calls) = self.calls.get(&files) {
            let called = self.distinct_calls(&files, calls);
            formed.extend(called.into_iter().map(|call| FoundInput {
                called: Some(call),
                left_out: None,
                ..input.clone()
            }));
            return;
        }
        if !input.is_typed() && !files.is_empty() && files.iter().all(|file| self.covered.contains(file)) {
            return;
        }
        match self.base_of(&input) {
            Some(base) => formed.push(FoundInput {
                files: std::iter::once(base).chain(input.files.iter().cloned()).collect(),
                left_out: None,
                ..input
            }),
            None => formed.push(input),
        }
    }

    /// The calls of a set of files that make other projects of it: by their names, directories, and what they hand it of
    /// the variables that it names. Where it is called from says nothing of a project whose files are found.
    fn distinct_calls(&self, files: &[PathBuf], calls: &BTreeSet<&CalledProject>) -> Vec<CalledProject> {
        let mut distinct: Vec<CalledProject> = Vec::new();
        let is_same = |one: &CalledProject, other: &CalledProject| {
            (&one.name, &one.directory, &one.env_files) == (&other.name, &other.directory, &other.env_files)
        };
        // What is called for containers that run says nothing of how these were started.
        let (starting, running): (Vec<&CalledProject>, Vec<&CalledProject>) =
            calls.iter().partition(|call| call.variables.is_some());
        let mut used = None;
        for call in starting {
            let handed = call.variables.as_ref().filter(|handed| !handed.is_empty());
            let used = handed.map(|_| used.get_or_insert_with(|| self.used_names(files, call)));
            let variables = handed.zip(used).map(|(handed, used)| handed.chosen(|name| used.are_named(name)));
            let call = CalledProject { variables: Some(variables.unwrap_or_default()), ..(*call).clone() };
            if !distinct.iter().any(|other| is_same(other, &call) && other.variables == call.variables) {
                distinct.push(call);
            }
        }
        for call in running {
            if !distinct.iter().any(|other| is_same(other, call)) {
                distinct.push((*call).clone());
            }
        }
        distinct
    }

    /// The variables that files and those beside them name.
    fn used_names(&self, files: &[PathBuf], call: &CalledProject) -> UsedNames {
        let beside = files.first().and_then(|first| first.parent()).map(|directory| directory.join(".env"));
        let read = files.iter().chain(&call.env_files).chain(&beside);
        let texts: Vec<String> = read.filter_map(|file| self.text_of(file)).collect();
        UsedNames::of(&texts)
    }

    /// The default file that an input goes over, which is refused alone.
    fn base_of(&self, input: &FoundInput) -> Option<PathBuf> {
        let [file] = input.files.as_slice() else { return None };
        let is_part = input.left_out.as_deref() == Some(ONLY_A_PART);
        let may_be = input.found_by == FoundBy::Content && (is_part || input.left_out.is_none());
        let path = self.cwd.join(file);
        let base = self.defaults.get(&self.real(path.parent()?)).filter(|base| *base != file);
        let base = base.filter(|_| may_be)?;
        (is_part || self.lacks_image(&path)).then(|| base.clone())
    }

    /// Whether some service of a file has nothing to run, which Compose refuses.
    fn lacks_image(&self, path: &Path) -> bool {
        let Some(text) = self.text_of(path) else { return false };
        let Ok(stream) = yaml::parse(FileId::default(), &text, Limits::default()) else { return false };
        let mut services =
            stream.documents.iter().filter_map(|document| document.get("services")?.as_map()).flatten().peekable();
        let has_nothing = |service: &Entry| RUNNING_KEYS.iter().all(|key| service.value.get(key).is_none());
        services.peek().is_some() && services.any(has_nothing)
    }
}
