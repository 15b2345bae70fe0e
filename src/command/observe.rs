//! What runs here, or what captures say ran elsewhere. May use everything but `main`.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, bail};

use super::World;
use super::live::live;
use super::reading::{MAX_CAPTURE, read_stdin};
use super::session::Session;
use super::wanted::Wanted;
use crate::cli::Sight;
use crate::input::capture::{self, Capture};
use crate::model::Layout;
use crate::text::Reader;

/// One capture for each file that is named, or one of what runs here.
pub(super) fn captures(sight: &Sight, wanted: &Wanted, session: &Session<'_>) -> anyhow::Result<Vec<Capture>> {
    if sight.from.is_empty() {
        return live(sight, wanted, session);
    }
    if sight.host.iter().any(|host| !host.starts_with('/')) {
        bail!("--from judges what was captured and --host asks an engine: give one of them");
    }
    let captures = sight.from.iter().map(|path| from_file(path, session.world)).collect::<anyhow::Result<Vec<_>>>()?;
    let mut hosts = BTreeSet::new();
    for (path, capture) in sight.from.iter().zip(&captures) {
        if !hosts.insert(&capture.host) {
            let host = &capture.host;
            bail!("{} is a second capture of the host {host}; give one for each host", path.display());
        }
    }
    Ok(captures)
}

/// A capture that was written to a file.
pub(super) fn from_file(path: &Path, world: &World) -> anyhow::Result<Capture> {
    let text = if path == Path::new("-") {
        read_stdin()
            .and_then(|text| String::from_utf8(text).map_err(std::io::Error::other))
            .map_err(anyhow::Error::from)
    } else {
        let path = world.directory.join(path);
        Reader::default().with_typed(&path).read_text(&path, MAX_CAPTURE).map_err(anyhow::Error::from)
    };
    let text = text.with_context(|| format!("cannot read the capture {}", path.display()))?;
    capture::read(&text).with_context(|| format!("{} cannot be judged", path.display()))
}

/// All captures as one layout. Where they are of several hosts, each container carries the name of its own.
pub(super) fn joined(captures: &[Capture], session: &Session<'_>) -> Layout {
    let mut layout = Layout::default();
    for capture in captures {
        layout.join(capture::layout(capture, session.rules, captures.len() > 1, session.sources));
    }
    layout
}
