//! `overlock report`: what runs, judged, and held against the last report. May use everything but `main`.

use std::io::{self, Write};

use super::World;
use super::audit;
use super::configuration::Configuration;
use super::judged;
use super::output::Outputs;
use super::state::State;
use crate::cli::Report;
use crate::model::Layout;
use crate::render::{Style, safe};
use crate::ruleset::Ruleset;
use crate::text::Sources;
use crate::triage::{ExitStatus, History, Name, Seen};

/// Audits, compares with the last report, and keeps this one for the next.
pub(super) fn run(
    arguments: &Report,
    (configuration, outputs): (Configuration, Outputs),
    (world, style, rules, sources): (&World, Style, &Ruleset, &Sources),
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    // Held until all is written, so that of two reports at once the later is compared with the earlier.
    let state = State::open(arguments, world)?;
    let asked = audit::Asked {
        containers: &[],
        sight: &arguments.sight,
        compare_identities: arguments.compare_identities,
        accept: &arguments.accept,
    };
    let read = audit::read(&asked, configuration, (world, rules, sources))?;
    let seen = seen(&read.layout);
    let mut told = Vec::new();
    let (mut report, mut status) = judged::judged(read, arguments.output.fail_on, (rules, sources), &mut told)?;
    let (last, problem) = state.read();
    let now = World::now();
    let kept = History::compare(last.as_ref(), &mut report, &seen, now);
    // Input that cannot be used is told each time: until it is mended, nothing else is.
    let usable = problem.is_none() && status != ExitStatus::Unusable;
    let same = arguments.quiet && usable && !kept.differs(last.as_ref());
    if !same {
        err.write_all(&told)?;
    }
    tell(problem, err)?;
    let outputs = if same { outputs.silent() } else { outputs };
    let printed = judged::print((&report, status), &outputs, (world, style, rules, sources), out, err)?;
    if printed != status {
        status = printed;
    } else if same {
        status = ExitStatus::Clean;
    }
    // After the rest: what was not told is not remembered as told.
    if let Err(problem) = state.write(&kept) {
        tell(Some(problem), err)?;
        status = ExitStatus::Unusable;
    }
    Ok(status)
}

fn tell(problem: Option<String>, err: &mut dyn Write) -> io::Result<()> {
    problem.map_or(Ok(()), |problem| writeln!(err, "overlock: {}", safe(&problem)))
}

fn seen(layout: &Layout) -> Seen {
    let name = |one: &crate::model::Container| -> Name { (one.project.clone(), one.name.clone()) };
    let partly = layout.containers.iter().filter(|one| !one.unseen.is_empty());
    Seen { present: layout.containers.iter().map(name).collect(), partly: partly.map(name).collect() }
}
