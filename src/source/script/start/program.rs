//! Which command it is: docker, podman, nerdctl or Compose, with what stands before the subcommand.
//! Uses `option`, `table`, `run` and `compose`.

use super::option::{Parsed, parse};
use super::table::{self, Table};
use super::{Arg, Setting, Start, compose, exec, run};
use crate::model::{Unseen, Value};

/// Whose options they are, where that matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Docker,
    Podman,
    Nerdctl,
}

/// Names of the programs' files.
const PROGRAMS: [(&str, Family); 4] = [
    ("docker", Family::Docker),
    ("podman", Family::Podman),
    ("podman-remote", Family::Podman),
    ("nerdctl", Family::Nerdctl),
];

/// The programs that are Compose alone.
const COMPOSERS: [&str; 2] = ["docker-compose", "podman-compose"];

/// Whether a program of this name starts containers.
pub(in crate::source::script) fn is_engine(name: &str) -> bool {
    PROGRAMS.iter().any(|(program, _)| *program == name) || COMPOSERS.contains(&name)
}

pub(super) fn read(args: &[Arg], setting: &Setting<'_>) -> Option<Start> {
    let (first, rest) = args.split_first()?;
    if !first.text.is_fixed() || first.unclear {
        return None;
    }
    let path = first.text.raw();
    let name = path.rsplit('/').next()?;
    if COMPOSERS.contains(&name) {
        return compose::read(rest, None, first, setting);
    }
    let (_, family) = PROGRAMS.iter().find(|(program, _)| *program == name)?;
    let before: &Table = match family {
        Family::Docker => &table::DOCKER,
        Family::Podman => &table::PODMAN,
        Family::Nerdctl => &table::NERDCTL,
    };
    let parsed = parse(rest, &[before], false, setting);
    if parsed.informs() {
        return None;
    }
    let Some((command, rest)) = parsed.rest.split_first() else { return unclear(&parsed) };
    if !command.text.is_fixed() {
        let what = format!("which of `{name}`'s commands this is hangs on a variable");
        return Some(Start::Unclear(Unseen { what, span: setting.span(first) }));
    }
    let mut command = command.text.raw();
    let mut rest = rest;
    if command == "container" {
        let (next, after) = rest.split_first()?;
        (command, rest) = (next.text.raw(), after);
    }
    match command.as_str() {
        "run" | "create" => {
            let engine = engine(&parsed);
            let command = run::Started { family: *family, created: command == "create", first, engine };
            Some(Start::Run(Box::new(run::read(rest, &command, parsed, setting))))
        }
        "compose" => compose::read(rest, engine(&parsed), first, setting),
        "exec" => {
            let span = setting.span(first);
            exec::read(rest, (false, exec::TABLES[0]), parsed, span, setting).map(|exec| Start::Exec(Box::new(exec)))
        }
        "start" | "restart" => Some(Start::Existing),
        _ => None,
    }
}

/// Where no subcommand is left, what stands for it.
pub(super) fn unclear(parsed: &Parsed<'_>) -> Option<Start> {
    parsed.unseen.first().cloned().map(Start::Unclear)
}

/// The engine that is asked, where it is named.
pub(super) fn engine(parsed: &Parsed<'_>) -> Option<Value> {
    let names = ["host", "context", "connection", "url", "address"];
    let given = parsed.given.iter().rev().find(|given| names.contains(&given.name))?;
    Some(given.value.value(Some(given.span)))
}
