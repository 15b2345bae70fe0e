//! What runs here, or what captures say ran elsewhere. May use everything but `main`.

use anyhow::bail;

use super::captures::{self, Told};
use super::live::live;
use super::session::Session;
use super::wanted::Wanted;
use crate::cli::Sight;
use crate::input::capture::{self, Capture};
use crate::model::Layout;

/// What runs here, or what captures say.
pub(super) struct Observed {
    pub(super) captures: Vec<Capture>,
    pub(super) told: Told,
}

/// The captures that are named, or those of what runs here.
pub(super) fn captures(sight: &Sight, wanted: &Wanted, session: &Session<'_>) -> anyhow::Result<Observed> {
    if sight.from.is_empty() {
        return Ok(Observed { captures: live(sight, wanted, session)?, told: Told::default() });
    }
    refuse_engine(sight)?;
    let mut captures = Vec::new();
    let told = captures::each(sight, session.world, |capture| captures.push(capture))?;
    Ok(Observed { captures, told })
}

fn refuse_engine(sight: &Sight) -> anyhow::Result<()> {
    if sight.host.iter().any(|host| !host.starts_with('/')) {
        bail!("--from judges what was captured and --host asks an engine: give one of them");
    }
    Ok(())
}

/// All that runs as one layout, each capture let go once it is in it.
pub(super) fn whole_layout(sight: &Sight, wanted: &Wanted, session: &Session<'_>) -> anyhow::Result<Layout> {
    if sight.from.is_empty() {
        return Ok(joined(&captures(sight, wanted, session)?, session));
    }
    refuse_engine(sight)?;
    let mut layout = Layout::default();
    // Whether hosts are to be told apart shows the second one.
    let (mut first, mut is_several) = (None, false);
    let add = |layout: &mut Layout, capture: &Capture, named: bool| {
        let mut host = capture::layout(capture, session.rules, named, session.sources);
        // Mounts are those of the containers from here on.
        for live in host.containers.iter_mut().filter_map(|container| container.live.as_mut()) {
            live.kernel.iter_mut().for_each(|kernel| kernel.mounts = Vec::new());
        }
        layout.join(host);
    };
    let told = captures::each(sight, session.world, |capture| match first.take() {
        None if !is_several => first = Some(capture),
        earlier => {
            is_several = true;
            for capture in earlier.iter().chain([&capture]) {
                add(&mut layout, capture, true);
            }
        }
    })?;
    if let Some(only) = first {
        add(&mut layout, &only, false);
    }
    tell(&mut layout, told);
    Ok(layout)
}

fn tell(layout: &mut Layout, told: Told) {
    layout.diagnostics.extend(told.diagnostics);
    layout.judged.extend(told.judged);
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
