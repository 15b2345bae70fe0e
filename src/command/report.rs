//! `overlock report`: what runs, judged, and held against the last report. May use everything but `main`.

use std::cell::RefCell;
use std::io::{self, Write};

use anyhow::anyhow;

use super::World;
use super::accept::Acceptance;
use super::audit;
use super::configuration::Configuration;
use super::judged;
use super::output::Outputs;
use super::session::Session;
use super::settled::Steps;
use super::state::SeriesState;
use crate::cli::Report;
use crate::finding;
use crate::input::capture;
use crate::model::{Container, ContainerId, Diagnostic, Layout, Level};
use crate::render::safe;
use crate::report::{ExitStatus, History, Seen};

/// Audits, compares with the last report, and keeps this one for the next.
pub(super) fn run(
    arguments: &Report,
    configuration: Configuration,
    outputs: Outputs,
    session: &Session<'_>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    // Held until all is written, so that of two reports at once the later is compared with the earlier.
    let state = SeriesState::open(arguments, session.world)?;
    let asked = audit::AuditRequest {
        containers: &[],
        sight: &arguments.sight,
        compare_identities: arguments.compare_identities,
        accept: &arguments.accept,
    };
    let read = match audit::read(&asked, configuration, session) {
        Ok(read) => read,
        // What is written must not go on to tell of an earlier look.
        Err(error) => return blind(&error, arguments, &outputs, session, out, err),
    };
    let (seen, mut told) = (RefCell::new(Seen::default()), Vec::new());
    let (last, problem) = state.read();
    let now = World::now();
    let mut kept = None;
    let mut compare =
        |report: &mut finding::Report| kept = Some(History::compare(last.as_ref(), report, &seen.borrow(), now));
    let fail_on = read.fail_on(arguments.output.fail_on);
    let mut note = |layout: &Layout| see(layout, &mut seen.borrow_mut());
    let mut steps = Steps { fail_on, note: &mut note, compare: &mut compare };
    let judged = judged::judged_with(read, &mut steps, session, &mut told);
    let (report, mut status) = match judged {
        Ok(judged) => judged,
        Err(error) => return blind(&error, arguments, &outputs, session, out, err),
    };
    let kept = kept.ok_or_else(|| anyhow!("what was found was not held against the last report"))?;
    // Input that cannot be used is told each time: until it is fixed, nothing else is.
    let usable = problem.is_none() && status != ExitStatus::Unusable;
    let same = arguments.quiet && usable && !kept.differs(last.as_ref(), &report);
    if !same {
        err.write_all(&told)?;
    }
    tell(problem, err)?;
    let outputs = if same { outputs.silent() } else { outputs };
    let printed = judged::print(&report, status, &outputs, session, out, err)?;
    let untouched = status;
    if printed != status {
        status = printed;
    } else if same {
        status = ExitStatus::Clean;
    }
    // After the rest: what could not be told is not remembered as told.
    if printed != untouched {
        return Ok(status);
    }
    if let Err(problem) = state.write(&kept) {
        tell(Some(problem), err)?;
        status = ExitStatus::Unusable;
    }
    Ok(status)
}

/// Tells that nothing could be looked at. The last report is remembered as it was.
fn blind(
    error: &anyhow::Error,
    arguments: &Report,
    outputs: &Outputs,
    session: &Session<'_>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    let message = format!("what runs here was not looked at: {error:#}");
    let diagnostics = vec![Diagnostic::about(Level::Error, None, message)];
    let layout = Layout { diagnostics, ..Layout::default() };
    let none = Configuration::default();
    let acceptance = Acceptance { whole: false, ..Acceptance::of_running(session.world, none, &arguments.accept) };
    let read = judged::Read::of(layout, acceptance);
    let (report, status) = judged::judged(read, arguments.output.fail_on, session, err)?;
    judged::print(&report, status, outputs, session, out, err)
}

fn tell(problem: Option<String>, err: &mut dyn Write) -> io::Result<()> {
    problem.map_or(Ok(()), |problem| writeln!(err, "overlock: {}", safe(&problem)))
}

/// Notes who is there, and of whom not all was seen.
fn see(layout: &Layout, seen: &mut Seen) {
    let name = Container::container_id;
    let unseen = layout.containers.iter().filter(|one| !one.unseen.is_empty());
    seen.present.extend(layout.containers.iter().map(name));
    seen.partly.extend(unseen.map(name));
    if !layout.containers.iter().any(Container::is_host) {
        // The host itself does not go away: it could not be looked at.
        let host = ContainerId::new(None, capture::HOST);
        seen.present.insert(host.clone());
        seen.partly.insert(host);
    }
}
