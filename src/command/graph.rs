//! `overlock graph`: the picture of a plan, or of what runs here. May use everything but `main`.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::sync::OnceLock;

use anyhow::bail;

use super::accept::Acceptance;
use super::configuration::Configuration;
use super::judged::{self, Read};
use super::observe;
use super::wanted::Wanted;
use super::{World, check, first, programs};
use crate::cli::{Accept, Graph};
use crate::model::Layout;
use crate::render;
use crate::report::ExitStatus;
use crate::rules::{FailOn, Ruleset};
use crate::text::Sources;

/// Draws it. What was found is in the picture and fails nothing; what could not be looked at does.
pub(super) fn run(
    arguments: &Graph,
    configuration: Configuration,
    (world, rules, sources): (&World, &Ruleset, &Sources),
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    let planned = arguments.is_planned();
    let layout = if planned {
        plan(arguments, (world, rules, sources))?
    } else {
        let captures = observe::captures(&arguments.sight, &Wanted::default(), (world, rules, sources))?;
        observe::joined(&captures, rules, sources)
    };
    let accept = Accept { baseline: None, write_baseline: None };
    let acceptance = Acceptance {
        world,
        configuration,
        first: first(&arguments.paths, &arguments.compose).map(Path::to_owned),
        arguments: &accept,
        since: None,
        fail_on_accept: false,
        whole: arguments.compose.profile.is_empty(),
        planned,
    };
    let read = Read { layout, acceptance, only: BTreeSet::new() };
    let (report, status) = judged::judged(read, Some(FailOn::Never), (rules, sources), err)?;
    render::picture(&report, arguments.format, out)?;
    render::diagnostics(&report.diagnostics, sources, err)?;
    render::configuration(&report, err)?;
    Ok(status)
}

/// The plan, beside what captures say runs.
fn plan(arguments: &Graph, (world, rules, sources): (&World, &Ruleset, &Sources)) -> anyhow::Result<Layout> {
    let sight = &arguments.sight;
    if sight.host.is_some() || sight.context.is_some() {
        bail!("a plan is drawn without an engine: give a PATH, or --host and --context, or a capture with --from");
    }
    let names = OnceLock::from(programs(rules));
    let asked = check::Asked { paths: &arguments.paths, compose: &arguments.compose, store: None, shows_values: false };
    let mut layout = check::read(&asked, world, (&names, sources))?;
    for from in &sight.from {
        check::beside(&mut layout, &observe::from_file(from, world)?, rules, sources);
    }
    Ok(layout)
}
