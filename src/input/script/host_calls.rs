//! Calls of known programs that scripts of the host make there, on a state directory that they name. Whether a container mounts
//! that is told once all are known: the call is not judged then. Uses `project` and `model`.

use crate::input::project::{Repository, host_paths};
use crate::model::{Container, Invocation, Mount, MountSource, NotJudgedFile, is_variable_name, program_name};
use crate::text::{Sources, Span};

/// Calls of all scripts that are kept.
const MAX_CALLS: usize = 200;
/// What a program is asked that it answers without its state.
const QUESTIONS: [&str; 4] = ["--version", "-v", "--help", "-h"];

/// A call of a known program on the host.
#[derive(Debug)]
pub(in crate::input) struct HostCall {
    /// The program.
    program: String,
    /// The state directories that it may be told to use, as paths of the host.
    directories: Vec<String>,
    span: Span,
}

/// The calls among those of a script that are told a state directory.
pub(super) fn find_calls(calls: &[Invocation], repository: &Repository<'_>) -> Vec<HostCall> {
    let names = repository.programs;
    let variables: Vec<&String> = names.state.iter().filter(|name| is_variable_name(name)).collect();
    let told = calls.iter().filter_map(|call| {
        let program = names.commands.iter().find(|command| *command == program_name(call))?;
        if call.argv.iter().skip(1).any(|word| QUESTIONS.contains(&&**word)) {
            return None;
        }
        let set = variables.iter().filter_map(|name| call.env.get(*name)).filter(|value| !value.is_empty());
        let directories: Vec<String> = set.flat_map(|value| host_paths(value, call, repository)).collect();
        (!directories.is_empty()).then(|| HostCall { program: program.clone(), directories, span: call.span })
    });
    told.take(MAX_CALLS).collect()
}

impl HostCall {
    /// The file that it is in as not judged, where a container mounts the directory.
    pub(in crate::input) fn tell_shared(
        &self,
        kind: &'static str,
        containers: &[Container],
        sources: &Sources,
    ) -> Option<NotJudgedFile> {
        let mounts_it = |mount: &&Mount| match &mount.source {
            MountSource::Host(source) => self.directories.contains(&source.text),
            _ => false,
        };
        let mounted =
            || containers.iter().flat_map(|one| one.mounts.iter().filter(mounts_it).map(move |mount| (one, mount)));
        // Where it has the same path in a container, it may be there that the script runs.
        if mounted().any(|(_, mount)| self.directories.contains(&mount.target.text)) {
            return None;
        }
        let (container, _) = mounted().next()?;
        let reason = format!(
            "line {} runs `{}` on the host, with the directory that `{}` mounts: calls there are not judged",
            self.span.start.line, self.program, container.name
        );
        Some(NotJudgedFile { file: sources.get(self.span.file).name().to_owned(), kind, reason, counts: true })
    }
}
