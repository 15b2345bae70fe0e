//! What every kind of input is to the others: how it is told, found and loaded, and the piece of a layout that a load
//! gives. Uses `compose`'s surroundings and options, and `project`.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::candidate_file::CandidateFile;
use super::compose::{CalledProject, Context, Options, WrittenFile};
use super::exclusion::ExcludedPaths;
use super::nomad::HostVolume;
use super::program_names::ProgramNames;
use super::project::{DescribedProject, Reference, Repository, ServiceAddition, Store};
use super::script::host_calls::HostCall;
use super::script::host_copies::CopyOnHost;
use super::script::host_links::HostName;
use super::script::written_texts::WrittenText;
use super::shell::ContainerStart;
use super::walk::Tree;
use crate::model::{Diagnostic, ExcludedFiles, JudgedFile, Layout, NotJudgedFile};
use crate::text::{Reader, Sources, Span};

/// A kind of file that containers are described in or started from. Everything that is read for a layout is of one.
pub trait InputKind: Debug + Sync {
    /// What it is called in a report, a word or two: `compose`, `script`.
    fn name(&self) -> &'static str;

    /// Whether a file that a person named is of this kind, by its name and by no more than its beginning.
    fn looks_like(&self, file: &CandidateFile<'_>) -> bool;

    /// Whether a file that was found in a directory is an input by itself.
    fn is_found(&self, file: &CandidateFile<'_>) -> bool {
        self.looks_like(file)
    }

    /// Whether a file that is no input by itself holds commands: it is one where these run a script that is.
    fn may_call(&self, file: &CandidateFile<'_>) -> bool {
        let _ = file;
        false
    }

    /// Whether commands run what is in it, by its path or by a name that stands in it.
    fn is_run_by_commands(&self) -> bool {
        false
    }

    /// Makes inputs of the files that were found in a directory and below: each is one, where a kind has no other rule.
    fn group_files(&self, searched: &SearchedDirectory<'_>, files: Vec<FoundInput>) -> Vec<FoundInput> {
        let _ = searched;
        files
    }

    /// Whether files of it are searched for only where a person asks for that.
    fn is_on_request(&self) -> bool {
        false
    }

    /// Whether a file of it is named as not judged that git ignores and does not track.
    fn is_named_if_ignored(&self) -> bool {
        true
    }

    /// What a text of it is to the answer where it is not judged.
    fn weigh_text(&self, text: &str, context: &LoadContext<'_>) -> UnreadWeight {
        if context.names_program(text) { UnreadWeight::Counts } else { UnreadWeight::Named }
    }

    /// Reads one input into a piece, by itself: images, scripts of its containers and what others describe come later.
    fn load(&self, input: &FoundInput, context: &LoadContext<'_>, repository: &Repository<'_>) -> Piece;

    /// Whether its containers run images that commands of other inputs may build, so that it is read after these.
    fn runs_built_images(&self) -> bool {
        false
    }

    /// How many of them one thread reads before a second one is worth starting.
    fn inputs_per_thread(&self) -> usize {
        50
    }
}

/// What a file that is not judged is to the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnreadWeight {
    /// It has nothing to do with containers or known programs, and is not named.
    Nothing,
    /// It is named, and the answer does not depend on it.
    Named,
    /// There is no clean answer without it: it starts or describes a container, and names a known program.
    Counts,
}

/// How an input was found, the surest way first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FoundBy {
    /// A person typed its path, so that it must be read.
    Path,
    /// Its name, or another file names it.
    Name,
    /// It runs a script that starts containers, and does not name an engine itself: it is an input where that is reached.
    Call,
    /// What is in it, whatever its name: it may be something else after all, and no mistake in it raises the exit status.
    Content,
}

/// Files that are read as one: those of a Compose project, one script.
#[derive(Debug, Clone)]
pub struct FoundInput {
    /// What it is.
    pub kind: &'static dyn InputKind,
    /// The files, as a person would write them. `-` is standard input.
    pub files: Vec<PathBuf>,
    /// The directory that they were found in, where they belong to it and were not named one by one.
    pub directory: Option<PathBuf>,
    /// How it was found.
    pub found_by: FoundBy,
    /// Why it is not read, as a clause; `None` where it is.
    pub left_out: Option<String>,
    /// How a command of the repository calls it, where one does.
    pub called: Option<CalledProject>,
    /// The first of the files, where it is none yet and a script writes it.
    pub written: Option<Arc<WrittenFile>>,
}

impl FoundInput {
    /// Whether a person typed its path.
    pub fn is_typed(&self) -> bool {
        self.found_by == FoundBy::Path
    }
}

/// What is to be loaded, and what went wrong as it was looked for.
#[derive(Debug, Default)]
pub struct FoundInputs {
    /// Each once.
    pub inputs: Vec<FoundInput>,
    /// What could not be looked at.
    pub diagnostics: Vec<Diagnostic>,
    /// What the configuration left out.
    pub excluded: ExcludedFiles,
}

impl FoundInputs {
    /// How many there are of a kind.
    pub fn count_of(&self, kind: &str) -> usize {
        self.inputs.iter().filter(|input| input.kind.name() == kind).count()
    }
}

/// A directory that a person named, and what one walk saw below it.
pub struct SearchedDirectory<'a> {
    /// The path as it was typed.
    pub typed: &'a Path,
    /// What the configuration leaves out of it.
    pub(super) excluded: &'a ExcludedPaths,
    /// What is below it.
    pub tree: &'a Tree,
    /// Where the tool runs.
    pub context: &'a Context,
    /// What reads the files.
    pub reader: &'a Reader,
}

/// What inputs are loaded with.
pub struct LoadContext<'a> {
    /// The files that are read.
    pub sources: &'a Sources,
    /// Where the tool runs, and the environment there.
    pub surroundings: &'a Context,
    /// What the command line says of Compose projects.
    pub compose: &'a Options,
    /// The names of known programs.
    pub programs: &'a ProgramNames,
    /// Images that are not built here; `None` where no engine is asked.
    pub store: Option<Store<'a>>,
    /// Is called as each input is loaded.
    pub on_loaded: &'a (dyn Fn() + Sync),
}

impl<'a> LoadContext<'a> {
    /// The repository that the tool runs in, of which nothing has been read.
    pub fn open_repository(&self) -> Repository<'a> {
        let Context { environment, cwd, shows_values, typed } = self.surroundings;
        let repository = Repository::new(self.sources, cwd, environment, self.programs);
        repository.with_store(self.store).showing(*shows_values).with_typed(typed.clone())
    }

    /// Whether a text names where a known program keeps its state.
    pub fn names_state(&self, text: &str) -> bool {
        self.programs.have_state_named_in(text)
    }

    /// Whether a text names a known program, or where one keeps its state.
    pub fn names_program(&self, text: &str) -> bool {
        self.programs.are_named_in(text)
    }
}

/// What one input gives by itself, to be joined with all others.
#[derive(Debug, Default)]
pub struct Piece {
    /// The kind of the input.
    pub kind: &'static str,
    /// How the input was found; `None` before it is loaded.
    pub found_by: Option<FoundBy>,
    /// The files that the input is, as they can be opened: those that these name are in `files` besides.
    pub own_files: Vec<PathBuf>,
    /// What its containers are told apart by from those of another project of that name: its first file.
    pub first_file: Option<PathBuf>,
    /// The containers that it describes, and what was wrong with it.
    pub layout: Layout,
    /// The containers that commands in it start on the host.
    pub starts: Vec<ContainerStart>,
    /// Where the shell functions are named, and the texts of aliases begin, that its own commands call.
    pub called_by_name: BTreeSet<Span>,
    /// What commands may call it by, where it is a Compose project.
    pub project: Option<DescribedProject>,
    /// The files that commands in it copy on the host.
    pub(in crate::input) copies: Vec<CopyOnHost>,
    /// The calls of known programs that those commands make on the host.
    pub(in crate::input) host_calls: Vec<HostCall>,
    /// The names that those commands give places of the host.
    pub(in crate::input) names: Vec<HostName>,
    /// The texts that describe services and that those commands write into files.
    pub(in crate::input) written: Vec<WrittenText>,
    /// What those commands name that other pieces describe.
    pub references: Vec<Reference>,
    /// The directories of a host that clients of Nomad know by name.
    pub(in crate::input) host_volumes: Vec<HostVolume>,
    /// Whether another input of its project takes its place where that is started.
    pub(in crate::input) is_one_by_name: bool,
    /// What it adds to services that other pieces describe.
    pub(in crate::input) additions: Vec<ServiceAddition>,
    /// The files that it was read from, as they can be opened.
    pub files: Vec<PathBuf>,
}

impl Piece {
    /// Tells of a file that it was judged.
    pub fn add_judged(&mut self, file: String, kind: &dyn InputKind) {
        self.layout.judged.push(JudgedFile { file, kind: kind.name(), starts: false });
    }

    /// Tells of a file that it was judged, and that commands in it start what may have a login.
    pub fn add_judged_starts(&mut self, file: String, kind: &dyn InputKind) {
        self.layout.judged.push(JudgedFile { file, kind: kind.name(), starts: true });
    }

    /// Tells of a file that it was not judged, and why.
    pub fn add_not_judged(&mut self, file: String, kind: &dyn InputKind, reason: String, counts: bool) {
        self.layout.not_judged.push(NotJudgedFile { file, kind: kind.name(), reason, counts });
    }
}
