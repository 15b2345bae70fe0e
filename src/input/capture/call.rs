//! A container's environment, and its running processes as calls. Uses `super` and `told`.

use std::collections::BTreeMap;

use super::told::{Fact, FactLines};
use crate::model::{
    Container, EnvValue, EnvVar, FileLock, HeldLock, Invocation, KeptValue, ProcessFacts, Value, Wait, Witness, Word,
};
use crate::rules::Profile;

/// A running process as a call: what it was started with, and the locks that it is under.
pub(super) fn call(process: &ProcessFacts, profiles: &[Profile], told: &FactLines) -> Option<Invocation> {
    let profile = profiles.iter().find(|profile| profile.id == process.program)?;
    let span = told.span(&Fact::Process(process.pid));
    let name = |word: &str| word.rsplit('/').next().map(str::to_owned);
    // A path that tells which of several installed copies it is.
    let is_copy = |word: &str| {
        let directory = word.rsplit_once('/').map_or("", |(directory, _)| directory);
        let bundled = profile.bundled_by.iter().map(|bundle| &bundle.directory);
        profile.version_directories.iter().chain(bundled).any(|known| directory.ends_with(known.as_str()))
    };
    let is_program = |word: &String| {
        is_copy(word)
            || name(word).is_some_and(|name| profile.commands.contains(&name))
            || profile.packages.iter().any(|package| word.contains(&format!("node_modules/{package}/")))
    };
    let at = process.words.iter().position(is_program);
    let rest = at.map_or(&[][..], |at| process.words.get(at + 1..).unwrap_or_default());
    let copy = at.and_then(|at| process.words.get(at)).filter(|word| is_copy(word));
    let mut argv = vec![copy.or(profile.commands.first()).map(|name| Word::literal(name)).unwrap_or_default()];
    argv.extend(rest.iter().map(|word| Word::literal(word)));
    let mut env = BTreeMap::new();
    if let Some(held) = &process.env {
        let named = profile.environment.iter().map(|variable| variable.name.as_str());
        for name in named.chain(["HOME", profile.state_directory.variable.as_str()]) {
            let value = held.get(name).map_or_else(Word::default, written);
            env.insert(name.to_owned(), value);
        }
    }
    let held = process.locks.as_deref().unwrap_or_default();
    let witness = if process.locks.is_some() { Witness::Process } else { Witness::ProcessAlone };
    let lock = |lock: &HeldLock| FileLock {
        path: Word::literal(&lock.path),
        exclusive: lock.exclusive,
        wait: Wait::Unknown,
        failure_ignored: !lock.current,
        perhaps: false,
        condition: None,
        test: None,
        span,
        outside: false,
        opened: None,
    };
    Some(Invocation {
        argv,
        env,
        locks: held.iter().map(lock).collect(),
        witness,
        running_version: process.running_version(),
        span,
        ..Invocation::default()
    })
}

/// The container's environment; its home as the kernel shows it where the engine names none.
pub(super) fn environment(container: &Container, told: &FactLines) -> BTreeMap<String, EnvVar> {
    let mut env = container.env.clone();
    for (name, variable) in &mut env {
        variable.span = told.span(&Fact::Variable(name.clone()));
        if let EnvValue::Set(value) = &mut variable.value {
            value.span = Some(variable.span);
        }
    }
    if let Some(home) = &container.shown().home {
        let span = told.span(&Fact::Home);
        let home = || EnvVar::new(EnvValue::set(Value::known(home.clone(), Some(span))), span);
        env.entry("HOME".to_owned()).or_insert_with(home);
    }
    env
}

/// A value as the words of a call write it.
fn written(held: &KeptValue) -> Word {
    match held {
        KeptValue::Empty => Word::default(),
        KeptValue::Secret(value) if value.is_empty() => Word::literal("…"),
        KeptValue::Public(value) | KeptValue::Secret(value) => Word::literal(value),
    }
}
