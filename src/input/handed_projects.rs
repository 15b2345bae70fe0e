//! Projects that were read from one set of files with several sets of variables, as commands hand them: those whose
//! containers are alike in all that is judged are one. Uses `input_kind` and `program_names`.

use std::collections::HashMap;
use std::path::PathBuf;

use super::input_kind::Piece;
use super::program_names::ProgramNames;
use crate::model::{Container, EnvValue, Invocation, Mount, MountSource, Word, split_below, words_of_copies};

/// Variables that say where any program looks for its files.
const OF_ANY_PROGRAM: [&str; 3] = ["HOME", "PATH", "USER"];
/// Commands that put files or directories elsewhere, or run a text.
const MOVING_FILES: [&str; 8] = ["ln", "mv", "mount", "cd", "eval", "sh", "bash", "."];

/// Keeps one of those projects of one set of files that are the same whatever commands hand them.
pub(super) fn merge_alike(loaded: Vec<Piece>, programs: &ProgramNames) -> Vec<Piece> {
    let mut kept: Vec<Piece> = Vec::with_capacity(loaded.len());
    let mut by_files: HashMap<Vec<PathBuf>, Vec<usize>> = HashMap::new();
    for mut piece in loaded {
        let of_files = by_files.entry(piece.own_files.clone()).or_default();
        let same =
            of_files.iter().copied().find(|at| kept.get(*at).is_some_and(|other| are_alike(other, &piece, programs)));
        match same.and_then(|at| kept.get_mut(at)?.project.as_mut()) {
            Some(project) => project.handed.extend(piece.project.take().into_iter().flat_map(|own| own.handed)),
            None => {
                of_files.push(kept.len());
                kept.push(piece);
            }
        }
    }
    kept
}

/// Whether two pieces are one project with the same containers.
fn are_alike(one: &Piece, other: &Piece, programs: &ProgramNames) -> bool {
    let Some((project, other_project)) = one.project.as_ref().zip(other.project.as_ref()) else { return false };
    let (containers, others) = (&one.layout.containers, &other.layout.containers);
    (&project.name, &project.directory) == (&other_project.name, &other_project.directory)
        && containers.len() == others.len()
        && containers.iter().zip(others).all(|(one, other)| one == other || is_alike(one, other, programs))
}

/// Whether two containers differ in no more than ports, in variables that neither a known program nor the containers' own
/// code asks for, and in what is mounted where no program keeps its state and that code does not look.
fn is_alike(one: &Container, other: &Container, programs: &ProgramNames) -> bool {
    let differs = |name: &&String| one.env.get(*name) != other.env.get(*name);
    let mut variables = one.env.keys().chain(other.env.keys()).filter(differs);
    let are_mounts_alike = one.mounts.len() == other.mounts.len()
        && one.mounts.iter().zip(&other.mounts).all(|(mount, other_mount)| {
            let is_aside = |container, mount| !concerns_state(container, mount, programs);
            mount == other_mount
                || mount.target == other_mount.target && is_aside(one, mount) && is_aside(other, other_mount)
        });
    are_mounts_alike
        && variables.all(|name| {
            let counts = OF_ANY_PROGRAM.contains(&name.as_str()) || programs.variables.contains(name);
            !counts && !asks_for(one, name, programs) && !asks_for(other, name, programs)
        })
        && *one
            == Container {
                host_ports: one.host_ports.clone(),
                env: one.env.clone(),
                mounts: one.mounts.clone(),
                ..other.clone()
            }
}

/// Whether a mount may bring a state directory, or what the container's code works with.
fn concerns_state(container: &Container, mount: &Mount, programs: &ProgramNames) -> bool {
    let target = mount.target.text.as_str();
    let source = match &mount.source {
        MountSource::Host(source) | MountSource::Volume(source) | MountSource::Unresolved(source) => &source.text,
        _ => return true,
    };
    let is_home =
        matches!(target.split('/').collect::<Vec<_>>().as_slice(), ["", "" | "root" | "home"] | ["", "home", _]);
    let is_kept_in = container.env.iter().any(|(name, variable)| match &variable.value {
        EnvValue::Set(value) if OF_ANY_PROGRAM.contains(&name.as_str()) || programs.variables.contains(name) => {
            value.is_symbolic() || split_below(&value.text, target).is_some()
        }
        _ => false,
    });
    is_home
        || is_kept_in
        || mount.target.is_symbolic()
        || programs.have_state_named_in(target)
        || programs.have_state_named_in(source)
        || asks_for(container, target, programs)
}

/// Whether what a container's code does with known programs and their files hangs on a variable, or on a path.
fn asks_for(container: &Container, name: &str, programs: &ProgramNames) -> bool {
    let calls = container.script.invocations.iter().chain(&container.installs);
    let mut calls = calls.chain(container.other_builds.iter().flat_map(|build| &build.installs));
    let in_commands = container.command.iter().chain(&container.entrypoint).chain(&container.hooks);
    let mut words = in_commands.flat_map(|command| &command.words);
    let decides =
        |variable: &String| OF_ANY_PROGRAM.contains(&variable.as_str()) || programs.variables.contains(variable);
    let names = |word: &Word| word.contains(name);
    calls.any(|call| {
        let env = call.env.iter().filter(|(variable, _)| decides(variable)).map(|(_, word)| word);
        call.when.iter().any(|condition| condition.variable == name)
            || env.chain(&call.directory).chain(&call.output).any(names)
            || call.locks.iter().any(|lock| names(&lock.path))
            || (call.argv.iter().any(names) && is_of_state(call, programs))
    }) || words.any(|word| word.text.contains(name))
        || container.build_args.contains_key(name)
}

/// Whether a call runs a known program or brings it, or handles files as those of a login are handled.
fn is_of_state(call: &Invocation, programs: &ProgramNames) -> bool {
    let names = || programs.commands.iter().chain(&programs.packages);
    let is_program = |word: &Word| names().any(|name| word.contains(name.as_str()));
    let moves = call.argv.first().and_then(Word::known).is_none_or(|first| {
        let name = first.rsplit('/').next().unwrap_or(first);
        MOVING_FILES.contains(&name)
    });
    moves || call.argv.iter().any(is_program) || !words_of_copies(call, std::iter::empty()).is_empty()
}
