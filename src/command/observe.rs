//! What runs here, or what captures say ran elsewhere. May use everything but `main`.

use anyhow::bail;

use super::captures::{self, CaptureNotes};
use super::live::live;
use super::session::Session;
use super::wanted::Wanted;
use crate::cli::LookArguments;
use crate::input::capture::{self, Capture};
use crate::model::Layout;

/// What runs here, or what captures say.
pub(super) struct Observed {
    pub(super) captures: Vec<Capture>,
    pub(super) told: CaptureNotes,
}

/// The captures that are named, or those of what runs here.
pub(super) fn captures(sight: &LookArguments, wanted: &Wanted, session: &Session<'_>) -> anyhow::Result<Observed> {
    if sight.from.is_empty() {
        return Ok(Observed { captures: live(sight, wanted, session)?, told: CaptureNotes::default() });
    }
    refuse_engine(sight)?;
    let mut captures = Vec::new();
    let told = captures::each(sight, session.world, |capture| captures.push(capture))?;
    Ok(Observed { captures, told })
}

/// Refuses captures beside an engine.
pub(super) fn refuse_engine(sight: &LookArguments) -> anyhow::Result<()> {
    if sight.host.iter().any(|host| !host.starts_with('/')) {
        bail!("--from judges what was captured and --host asks an engine: give one of them");
    }
    Ok(())
}

/// All captures as one layout. Where they are of several hosts, each container carries the name of its own.
pub(super) fn joined(observed: &Observed, session: &Session<'_>) -> Layout {
    let Observed { captures, told } = observed;
    let mut layout = Layout::default();
    for capture in captures {
        layout.join(capture::layout(capture, session.rules, captures.len() > 1, session.sources));
    }
    layout.diagnostics.extend(told.diagnostics.iter().cloned());
    layout.judged.extend(told.judged.iter().cloned());
    layout
}
