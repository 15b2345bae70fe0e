//! What every source gives and all later stages see: containers with their mounts, environment and commands.
//! Nothing here knows a file format or a protocol. May use `text`.

mod archive_words;
mod call_words;
mod container;
mod container_id;
mod container_words;
mod copied_files;
mod copy_words;
mod diagnostic;
mod engine;
mod env_var;
mod handed_variables;
mod home_words;
mod host_copy;
mod judged_file;
mod kernel;
mod live;
mod mount;
mod mount_command;
mod parameter;
mod partial_text;
mod path;
mod path_in_container;
mod program_sources;
mod script;
mod search_path;
mod taken_variables;
mod template;
mod timing;
mod tree;
mod typed_paths;
mod value;
mod word;
mod workplace;

use std::collections::BTreeMap;

pub use crate::text::yaml::Symbol;
pub(crate) use archive_words::packing_of;
pub(crate) use call_words::{is_letter, operands, program_name};
pub use container::{
    Build, Command, Container, DECLARING_LABELS, EngineHost, Flag, GUARD_LABEL, HostPort, Label, MISTAKEN_PART,
    MistakenPart, OtherBuild, ROLE_LABEL, Rights, Spread, Start, Unseen, VERSION_LABEL, is_root,
};
pub use container_id::ContainerId;
pub(crate) use container_words::service_of_id;
pub(crate) use copied_files::{WordsOfCopy, keychain_entry};
pub(crate) use copy_words::{begins_with_star, earlier_in_line, shows_hidden, whole_files_read, words_of_copies};
pub use diagnostic::{Diagnostic, Level};
pub use engine::{EngineFacts, EngineMount, Inspection};
pub use env_var::{EnvValue, EnvVar};
pub use handed_variables::HandedVariables;
pub(crate) use home_words::{HomeOfUser, home_given_to};
pub use host_copy::{CopiedFrom, HostCopy};
pub use judged_file::{ExcludedFiles, JudgedFile, NotJudgedFile};
pub use kernel::{HeldLock, KeptValue, KernelFacts, ProcessFacts, RunningVersion, SourceNow};
pub use live::{Entry, EntryKind, Identity, Installed, KernelMount, Link, Live};
pub use mount::{Mount, MountSource};
pub(crate) use mount_command::MountCommand;
pub(crate) use parameter::{Parameter, content_of_file, files_of_contents, is_content, is_variable_name};
pub use partial_text::VariableState;
pub(crate) use partial_text::{PartialText, TextSegment};
pub use path::{clean, export_of, is_whole, join, parent_and_name, relative, split_below, upward};
pub use path_in_container::{NamedContainer, PathInContainer};
pub use program_sources::{ModuleImport, PlacedProgram, ProgramSources, StageCopy};
pub use script::{
    Asks, Condition, FileLock, Inherits, Invocation, Reach, Script, Sight, Test, Wait, Witness, WrittenServices,
};
pub use search_path::{USUAL_PATH, split_search_path};
pub use taken_variables::{TakenVariables, VariableNames};
pub use template::{
    Binding, Dialect, Escape, Expanded, Expander, Operation, Placeholder, Segment, Template, TemplateError,
    UnsetVariable,
};
pub use timing::{FixedName, Moment, PartOrder, RunPart, TimeSpan, Timing};
pub use tree::HostTree;
pub use typed_paths::TypedPaths;
pub use value::{Content, Value};
pub use word::{Word, WordSegment};
pub use workplace::{Feature, VARIABLE_OF_PROJECT, WORKPLACE_LABEL, Workplace, text_of_project};

/// Everything that one or more sources gave, joined: the containers of one host.
#[derive(Debug, Default)]
pub struct Layout {
    /// The containers, in no order that later stages may rely on.
    pub containers: Vec<Container>,
    /// What was wrong with the input, and what could not be looked at.
    pub diagnostics: Vec<Diagnostic>,
    /// The files that were judged.
    pub judged: Vec<JudgedFile>,
    /// The files that were found and were not judged.
    pub not_judged: Vec<NotJudgedFile>,
    /// The files that the configuration left out.
    pub excluded: ExcludedFiles,
    /// The home directory of the person on whose host this is, as `~` was resolved: a host path.
    pub home: Option<String>,
    /// What a report of it must not show.
    pub hidden: Hidden,
}

/// What came from the environment of the process, and must not be shown where a stranger's files can ask for it.
#[derive(Debug, Default)]
pub struct Hidden {
    /// The environment.
    pub environment: BTreeMap<String, String>,
    /// What is shown in the place of a project's name.
    pub projects: BTreeMap<String, String>,
}

impl Layout {
    /// Whether it says of a file that it was judged, or was not.
    pub fn tells_of(&self, file: &str) -> bool {
        self.judged.iter().any(|one| one.file == file) || self.not_judged.iter().any(|one| one.file == file)
    }

    /// Says of a file that it was not judged, for one more reason where there is one already.
    pub fn leave_unjudged(&mut self, file: &str, kind: &'static str, reason: &str, counts: bool) {
        let kind = self.judged.iter().find(|one| one.file == file).map_or(kind, |one| one.kind);
        self.judged.retain(|one| one.file != file);
        match self.not_judged.iter_mut().find(|one| one.file == file) {
            Some(known) => {
                known.reason = format!("{}; {reason}", known.reason);
                known.counts |= counts;
            }
            None => {
                let (file, reason) = (file.to_owned(), reason.to_owned());
                self.not_judged.push(NotJudgedFile { file, kind, reason, counts });
            }
        }
    }

    /// Takes another source's containers in: all are on one host.
    pub fn join(&mut self, other: Self) {
        self.containers.extend(other.containers);
        self.diagnostics.extend(other.diagnostics);
        self.judged.extend(other.judged);
        self.not_judged.extend(other.not_judged);
        self.home = self.home.take().or(other.home);
        self.hidden.environment.extend(other.hidden.environment);
        self.hidden.projects.extend(other.hidden.projects);
    }
}
