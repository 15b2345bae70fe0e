//! Projects that were read from one set of files with several sets of variables, as commands hand them: those whose
//! containers are alike in all that is judged are one. Uses `input_kind` and `program_names`.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::OnceLock;

use super::input_kind::Piece;
use super::program_names::ProgramNames;
use crate::model::{Container, EnvVar};

/// Variables that say where any program looks for its files.
const OF_ANY_PROGRAM: [&str; 3] = ["HOME", "PATH", "USER"];

/// Keeps one of those projects of one set of files that are the same whatever commands hand them.
pub(super) fn merge_alike(loaded: Vec<Piece>, programs: &OnceLock<ProgramNames>) -> Vec<Piece> {
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
fn are_alike(one: &Piece, other: &Piece, programs: &OnceLock<ProgramNames>) -> bool {
    let Some((project, other_project)) = one.project.as_ref().zip(other.project.as_ref()) else { return false };
    let (containers, others) = (&one.layout.containers, &other.layout.containers);
    (&project.name, &project.directory) == (&other_project.name, &other_project.directory)
        && containers.len() == others.len()
        && containers.iter().zip(others).all(|(one, other)| one == other || is_alike(one, other, programs.wait()))
}

/// Whether two containers differ in no more than ports, and in variables that neither a known program nor the
/// containers' own code asks for.
fn is_alike(one: &Container, other: &Container, programs: &ProgramNames) -> bool {
    let differs = |name: &&String| one.env.get(*name) != other.env.get(*name);
    let mut differing = one.env.keys().chain(other.env.keys()).filter(differs);
    differing.all(|name| {
        let counts = OF_ANY_PROGRAM.contains(&name.as_str()) || programs.variables.contains(name);
        !counts && !asks_for(one, name) && !asks_for(other, name)
    }) && *one == Container { host_ports: one.host_ports.clone(), env: one.env.clone(), ..other.clone() }
}

/// Whether the code of a container names a variable.
fn asks_for(container: &Container, name: &str) -> bool {
    let calls = container.script.invocations.iter().chain(&container.installs);
    let mut calls = calls.chain(container.other_builds.iter().flat_map(|build| &build.installs));
    let in_commands = container.command.iter().chain(&container.entrypoint).chain(&container.hooks);
    let mut words = in_commands.flat_map(|command| &command.words);
    let set = |env: &BTreeMap<String, EnvVar>| env.contains_key(name);
    calls.any(|call| {
        call.argv.iter().chain(call.env.values()).chain(&call.directory).any(|word| word.contains(name))
            || call.when.iter().any(|condition| condition.variable == name)
    }) || words.any(|word| word.text.contains(name))
        || set(&container.build_args)
}
