//! All mounts of a container together: which are kept, and which the engine refuses.
//! Uses `volume_option`, `mount_option` and `options`.

use std::collections::{HashMap, HashSet};

use super::cli_family::CliFamily;
use super::options::{GivenOption, ParsedOptions};
use super::volume_option::{MountProblem, ParsedMount, mount_at, read_tmpfs, read_volume};
use super::{CommandContext, mount_option};
use crate::model::{Mount, MountSource, PartialText, Unseen, Value, VariableState};
use crate::text::Span;

/// The mounts of a command.
#[derive(Debug, Default)]
pub(super) struct MountList {
    pub(super) all: Vec<Mount>,
    /// The indices of those that are there on some ways only.
    pub(super) perhaps: Vec<usize>,
}

/// The mounts of all options, in the order in which they are given.
pub(super) fn collect_mounts(
    parsed: &mut ParsedOptions<'_>,
    family: CliFamily,
    context: &CommandContext<'_>,
) -> MountList {
    let ParsedOptions { given, unseen, unseen_mounts, refused, .. } = parsed;
    let mut found: Vec<ParsedMount> = Vec::new();
    let mut known = HashSet::new();
    for given in given.iter() {
        let mount = match given.name {
            // The same text is the same volume.
            "volume" | "volumes" if !known.insert(given.value.to_value(None).text) => continue,
            "volume" | "volumes" => read_volume(given, family, context)
                .or_else(|problem| read_without_values(given, family, context, problem)),
            "tmpfs" => read_tmpfs(given),
            "mount" => mount_option::read_mount(given, family, context),
            "use-api-socket" if given.is_on() == Some(true) => engine_socket(given.span),
            _ => continue,
        };
        match mount {
            Ok(mut mount) => {
                unseen.extend(mount.doubt.take().map(|what| Unseen { what, span: given.span }));
                found.push(ParsedMount { perhaps: given.perhaps, ..mount });
            }
            Err(MountProblem::Unseen(what)) => {
                let problem = Unseen { what, span: given.span };
                unseen_mounts.get_or_insert_with(|| problem.clone());
                unseen.push(problem);
            }
            Err(MountProblem::Refused(what)) => refused.push(Unseen { what, span: given.span }),
        }
    }
    keep_one_a_target(found, unseen, refused)
}

/// A volume that would be refused by what variables hold where this runs: they hold something else where it is started.
fn read_without_values(
    given: &GivenOption,
    family: CliFamily,
    context: &CommandContext<'_>,
    problem: MountProblem,
) -> Result<ParsedMount, MountProblem> {
    if !matches!(problem, MountProblem::Refused(_)) || given.text.is_fixed() {
        return Err(problem);
    }
    let CommandContext { sources, here, handed, .. } = *context;
    let (base, base_words, ambient) = (context.base.clone(), context.base_words.clone(), context.ambient.clone());
    // What is set stays as it is.
    let environment = |name: &str| match (context.environment)(name) {
        VariableState::Set(value) => VariableState::Set(value),
        _ => VariableState::Unknown,
    };
    let unset = CommandContext { sources, here, base, base_words, environment: &environment, ambient, handed };
    let value = PartialText::read(&given.text, given.unclear, &unset);
    read_volume(&GivenOption { value, ..given.clone() }, family, &unset).map_err(|_| problem)
}

/// `--use-api-socket`: the engine's own socket.
fn engine_socket(span: Span) -> Result<ParsedMount, MountProblem> {
    let path = "/var/run/docker.sock";
    mount_at(&PartialText::plain(path), MountSource::Host(Value::known(path, None)), span)
}

fn keep_one_a_target(found: Vec<ParsedMount>, unseen: &mut Vec<Unseen>, refused: &mut Vec<Unseen>) -> MountList {
    let sure = found.iter().filter(|one| !one.plain && !one.perhaps);
    let sure: HashSet<String> = sure.map(|one| one.mount.target.text.clone()).collect();
    let mut kept = MountList::default();
    let mut at: HashMap<String, usize> = HashMap::new();
    for ParsedMount { mount, plain, perhaps, .. } in found {
        if plain && sure.contains(&mount.target.text) {
            continue;
        }
        let earlier = at.get(&mount.target.text).copied();
        let Some(earlier) = earlier.filter(|earlier| !kept.perhaps.contains(earlier) && !perhaps) else {
            if earlier.is_some() {
                let what = "which of several mounts is at one target depends on what runs before".to_owned();
                unseen.push(Unseen { what, span: mount.span });
            }
            at.insert(mount.target.text.clone(), kept.all.len());
            if perhaps {
                kept.perhaps.push(kept.all.len());
            }
            kept.all.push(mount);
            continue;
        };
        match kept.all.get_mut(earlier) {
            // Of two `--tmpfs` of one target the last one counts.
            Some(before) if before.source == MountSource::Tmpfs && mount.source == MountSource::Tmpfs => {
                *before = mount;
            }
            Some(_) if plain => {}
            _ => refused.push(Unseen { what: "two mounts have one target".to_owned(), span: mount.span }),
        }
    }
    kept
}
