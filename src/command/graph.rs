//! `overlock graph`: the picture of a plan, or of what runs here. May use everything but `main`.

use std::io::Write;

use anyhow::bail;

use super::accept::Acceptance;
use super::configuration::Configuration;
use super::judged::{self, Read};
use super::observe;
use super::session::Session;
use super::wanted::Wanted;
use super::{captures, check, programs};
use crate::cli::{Accept, Graph};
use crate::input::capture::join_running;
use crate::model::Layout;
use crate::render;
use crate::report::ExitStatus;
use crate::rules::FailOn;

/// Draws it. What was found is in the picture and fails nothing; what could not be looked at does.
pub(super) fn run(
    arguments: &Graph,
    configuration: Configuration,
    session: &Session<'_>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    let accept = Accept::default();
    let (layout, acceptance) = if arguments.is_planned() {
        let (paths, compose) = (&arguments.paths, &arguments.compose);
        (
            plan(arguments, &configuration, session)?,
            Acceptance::of_plan(session.world, configuration, paths, compose, &accept),
        )
    } else {
        let observed = observe::captures(&arguments.sight, &Wanted::default(), session)?;
        (observe::joined(&observed, session), Acceptance::of_running(session.world, configuration, &accept))
    };
    let read = Read::of(layout, acceptance);
    let (report, status) = judged::judged(read, Some(FailOn::Never), session, err)?;
    render::picture(&report, arguments.format, out)?;
    render::diagnostics(&report.diagnostics, session.sources, err)?;
    render::configuration(&report, err)?;
    Ok(status)
}

/// The plan, beside what captures say runs.
fn plan(arguments: &Graph, configuration: &Configuration, session: &Session<'_>) -> anyhow::Result<Layout> {
    let &Session { world, rules, sources, .. } = session;
    let sight = &arguments.sight;
    if !sight.host.is_empty() || sight.context.is_some() || sight.no_engine {
        bail!("a plan is drawn without an engine: give a PATH, or --host and --context, or a capture with --from");
    }
    let names = programs(rules);
    let asked = check::PlanRequest {
        paths: &arguments.paths,
        compose: &arguments.compose,
        store: None,
        shows_values: false,
        exclusion: configuration.exclusion(),
    };
    let mut layout = check::read(&asked, world, &names, sources)?;
    for from in &sight.from {
        join_running(&mut layout, &captures::one(from, world)?, rules, sources);
    }
    Ok(layout)
}
