//! Which calls of a program a container makes, and whether it runs the program at all.
//! May use `model`, `rules` and `finding`.

use std::collections::BTreeMap;

use super::word_path::word_text;
use crate::finding::Evidence;
use crate::model::{Condition, Container, DECLARING_LABELS, Invocation, Label, Mount, Sight, Word};
pub(crate) use crate::model::{GUARD_LABEL, ROLE_LABEL, VERSION_LABEL};
use crate::rules::{Config, Profile};
use crate::text::Span;

/// Whether a container runs the program at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RunsProgram {
    /// A call was seen.
    Yes(Evidence),
    /// It does not, and what shows that.
    No(Evidence),
    /// Not known: what it runs was not seen whole, or is nothing known.
    Unknown,
}

/// The calls of a program that a container's words show.
#[derive(Clone)]
pub(crate) struct ProgramCalls<'a> {
    /// Those that may refresh.
    pub(crate) live: Vec<&'a Invocation>,
    /// Those that only print their version or help.
    pub(crate) idle: Vec<&'a Invocation>,
}

/// What a person says of a container: by a label, or where there is none, by the configuration.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Declared<'a> {
    pub(crate) label: &'a Label,
    name: &'static str,
    by_label: bool,
}

/// What is declared under a label's name.
pub(crate) fn find_declaration<'a>(container: &'a Container, name: &'static str) -> Option<Declared<'a>> {
    let by_label = container.labels.get(name).map(|label| Declared { label, name, by_label: true });
    by_label.or_else(|| container.declared.get(name).map(|label| Declared { label, name, by_label: false }))
}

impl Declared<'_> {
    pub(crate) fn text(&self) -> &str {
        &self.label.value.text
    }

    pub(crate) fn span(&self) -> Span {
        self.label.span
    }

    /// Who says it, to go before what is said.
    pub(crate) fn who(&self) -> String {
        if self.by_label {
            format!("the label {}", self.name)
        } else {
            format!("the configuration, under `{}`,", self.section())
        }
    }

    /// The same with whom it is said of.
    pub(crate) fn who_of(&self, container: &str) -> String {
        if self.by_label {
            return format!("{} of {container}", self.who());
        }
        format!("the configuration, under `{}` for {container},", self.section())
    }

    fn section(&self) -> &'static str {
        config_section(self.name)
    }
}

/// The configuration's name for what a label says.
fn config_section(label: &str) -> &'static str {
    match label {
        ROLE_LABEL => "roles",
        GUARD_LABEL => "guards",
        _ => "versions",
    }
}

/// Takes in what the configuration declares of each container.
pub(crate) fn apply_declarations(containers: &mut [Container], config: &Config) {
    let sections = [(ROLE_LABEL, &config.roles), (GUARD_LABEL, &config.guards), (VERSION_LABEL, &config.versions)];
    for (label, declarations) in sections.into_iter().filter(|(_, declarations)| !declarations.is_empty()) {
        for container in containers.iter_mut() {
            let names = [Some(&container.name), container.service.as_ref()].into_iter().flatten();
            let declared = |name: &String| Config::declared(declarations, container.project.as_deref(), name);
            if let Some(value) = names.into_iter().find_map(declared) {
                let span = value.span.unwrap_or(container.span);
                container.declared.insert(label.to_owned(), Label::new(value.clone(), span));
            }
        }
    }
}

/// Whether anybody declares a fact of one of these containers.
pub(crate) fn is_declared(containers: &[Container]) -> bool {
    let says = |one: &Container| {
        !one.declared.is_empty() || DECLARING_LABELS.iter().any(|name| one.labels.contains_key(*name))
    };
    containers.iter().any(says)
}

/// What is only declared of a container: its labels, and what the configuration says.
pub(crate) struct Declarations {
    labels: Vec<(&'static str, Label)>,
    configured: BTreeMap<String, Label>,
}

/// Takes out everything that is only declared.
pub(crate) fn take_declarations(containers: &mut [Container]) -> Vec<Declarations> {
    let take = |container: &mut Container| Declarations {
        labels: DECLARING_LABELS
            .into_iter()
            .filter_map(|name| container.labels.remove(name).map(|label| (name, label)))
            .collect(),
        configured: std::mem::take(&mut container.declared),
    };
    containers.iter_mut().map(take).collect()
}

/// Puts it back.
pub(crate) fn restore_declarations(containers: &mut [Container], declared: Vec<Declarations>) {
    for (container, declared) in containers.iter_mut().zip(declared) {
        container.labels.extend(declared.labels.into_iter().map(|(name, label)| (name.to_owned(), label)));
        container.declared = declared.configured;
    }
}

/// A contradiction between a declaration and stronger evidence.
#[derive(Debug, Clone)]
pub(crate) struct Contradiction {
    pub(crate) label: &'static str,
    pub(crate) evidence: Evidence,
}

/// Finds the program's calls among everything the container was seen to run.
pub(crate) fn program_calls<'a>(container: &'a Container, profile: &Profile) -> ProgramCalls<'a> {
    // Options alone are for an entrypoint that was not read: where that is the program, it only prints something.
    let is_for_entrypoint = |call: &Invocation| {
        let option = call.argv.first().is_some_and(|word| profile.idle_arguments.iter().any(|known| **word == **known));
        option && container.script.sight == Sight::Arguments
    };
    let program =
        seen_calls(container).filter(|call| program_arguments(call, profile).is_some() || is_for_entrypoint(call));
    let is_idle = |call: &&Invocation| program_arguments(call, profile).is_none_or(|words| is_idle(words, profile));
    let (idle, mut live) = program.partition(is_idle);
    leave_out_marked(&mut live, container);
    ProgramCalls { live, idle }
}

/// Leaves out the calls without a lock that are made only where a variable says that the lock is held already: the script
/// sets it as it runs itself again under the lock (flock(1)), and nobody else does.
fn leave_out_marked(live: &mut Vec<&Invocation>, container: &Container) {
    let is_known = !container.is_running() && container.unseen.is_empty() && container.missing_env_files.is_empty();
    let is_locked = |call: &&Invocation| call.locks.iter().any(|lock| lock.exclusive);
    let locked: Vec<&Invocation> = live.iter().copied().filter(|call| is_known && is_locked(call)).collect();
    let sets = |call: &Invocation, condition: &Condition| {
        let value = call.env.get(&condition.variable).and_then(|value| word_text(value, call, container, None));
        value.is_some_and(|value| condition.test.holds(Some(&value)) == Some(true))
    };
    let is_mark = |condition: &Condition| {
        !container.env.contains_key(&condition.variable)
            && condition.test.holds(None) == Some(false)
            && locked.iter().any(|call| sets(call, condition))
    };
    live.retain(|call| is_locked(call) || !call.when.iter().any(is_mark));
}

/// Whether a call with these arguments only prints something and leaves the login alone.
fn is_idle(words: &[Word], profile: &Profile) -> bool {
    // What comes after `--` is no option.
    let mut options = words.iter().take_while(|word| **word != "--");
    options.any(|word| profile.idle_arguments.iter().any(|known| **word == **known))
        || profile.idle_commands.iter().any(|command| begins_with(words, command))
}

/// Whether arguments begin with the words of a command.
pub(super) fn begins_with(words: &[Word], command: &str) -> bool {
    let mut given = words.iter();
    command.split(' ').all(|word| given.next().is_some_and(|given| **given == *word))
}

/// What a container was seen to run, without what runs only where a variable has a value that it has not here.
pub(crate) fn seen_calls(container: &Container) -> impl Iterator<Item = &Invocation> {
    container.script.invocations.iter().filter(|call| may_run(call, container))
}

/// Whether no condition of a call is known to fail.
pub(crate) fn may_run(call: &Invocation, container: &Container) -> bool {
    call.when.iter().all(|condition| condition.holds(container) != Some(false))
}

/// Whether a path is the program's: by its name, or by the directory of versions that it is in.
pub(crate) fn is_command(path: &str, profile: &Profile) -> bool {
    let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
    profile.commands.iter().any(|command| command == name)
        || profile.version_directories.iter().any(|known| directory.ends_with(known.as_str()))
}

/// The arguments of a call of the program, or `None` where it is another program's.
pub(crate) fn program_arguments<'a>(call: &'a Invocation, profile: &Profile) -> Option<&'a [Word]> {
    let (first, rest) = call.argv.split_first()?;
    if is_command(first, profile) {
        return Some(rest);
    }
    let name = first.rsplit('/').next().unwrap_or(first);
    let runner = matches!(name, "npx" | "bunx" | "pnpm" | "yarn" | "npm" | "bun" | "pnpx" | "deno");
    let at = rest.iter().position(|word| run_package_version(word, profile).is_some())?;
    let installs = rest.iter().take(at).any(|word| {
        matches!(&**word, "install" | "i" | "ci" | "add" | "update" | "uninstall" | "remove" | "view" | "info" | "show")
    });
    if !runner || installs {
        return None;
    }
    let before = at.checked_sub(1).and_then(|before| rest.get(before));
    let is_option = rest.get(at)?.starts_with('-') || before.is_some_and(|word| is_package_option(word));
    if is_option { arguments_of_named(rest.get(at + 1..)?, profile) } else { rest.get(at + 1..) }
}

/// Whether the next word is a package that is fetched for a program which other words name.
fn is_package_option(word: &str) -> bool {
    matches!(word, "-p" | "--package")
}

/// The arguments of the program that a runner is told to call out of the packages which its options name; those from here on
/// where a shell's text names it. `None` where it is another program of these packages.
fn arguments_of_named<'a>(words: &'a [Word], profile: &Profile) -> Option<&'a [Word]> {
    let mut at = 0;
    while let Some(word) = words.get(at) {
        match &**word {
            "-c" | "--call" => return words.get(at + 1..),
            word if is_package_option(word) => at += 2,
            word if word.starts_with('-') => at += 1,
            word => return is_command(word, profile).then(|| words.get(at + 1..)).flatten(),
        }
    }
    None
}

/// The version of the package that a word of a runner's command names, by itself or as the value of an option.
pub(crate) fn run_package_version<'a>(word: &'a str, profile: &Profile) -> Option<&'a str> {
    let word = ["--package=", "-p="].iter().find_map(|option| word.strip_prefix(option)).unwrap_or(word);
    package_version(word.strip_prefix("npm:").unwrap_or(word), profile)
}

/// The version in `PACKAGE@VERSION`, empty where there is none; `None` for another package.
pub(crate) fn package_version<'a>(word: &'a str, profile: &Profile) -> Option<&'a str> {
    let package = profile.packages.iter().find_map(|package| word.strip_prefix(package.as_str()))?;
    if package.is_empty() { Some("") } else { package.strip_prefix('@') }
}

/// Whether a mount puts the program's own binary into the container.
pub(crate) fn mounts_program(container: &Container, profile: &Profile) -> bool {
    let name = |mount: &Mount| mount.target.text.rsplit_once('/').map(|(at, name)| (at.to_owned(), name.to_owned()));
    container.mounts.iter().filter_map(name).any(|(at, name)| at.ends_with("/bin") && profile.commands.contains(&name))
}
