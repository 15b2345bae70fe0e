//! `overlock capture`: what `audit` would judge, to be judged elsewhere. May use everything but `main`.

use std::io::Write;

use super::observe;
use super::session::Session;
use super::wanted::Wanted;
use crate::cli::Capture;
use crate::input::capture::redact;
use crate::render;
use crate::report::ExitStatus;
use crate::text::writer;

/// Prints one host's capture, secrets taken out. What could not be looked at is in it, and is told.
pub(super) fn run(
    arguments: &Capture,
    session: &Session<'_>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    let wanted = Wanted { compare_identities: arguments.compare_identities, ..Wanted::default() };
    let observed = observe::captures(&arguments.sight, &wanted, session)?;
    let [capture] = <[_; 1]>::try_from(observed.captures)
        .map_err(|_| anyhow::anyhow!("a capture is of one host: give --from once, or not at all"))?;
    let mut capture = redact(capture, &session.rules.profiles);
    if let Some(name) = &arguments.name {
        capture.host.clone_from(name);
    }
    let is_for_people = arguments.pretty || (session.world.terminal.is_some() && arguments.output.is_none());
    let mut text = Vec::new();
    if is_for_people {
        render::document(&capture, &mut text)?;
    } else {
        render::json_line(&capture, &mut text)?;
    }
    match &arguments.output {
        Some(file) => {
            let path = session.world.directory.join(file);
            let why = |error| anyhow::anyhow!("cannot write {}: {}", path.display(), writer::failure(&error));
            writer::write(&path, &text).map_err(why)?;
        }
        None => out.write_all(&text)?,
    }
    let of_containers =
        capture.containers.iter().flat_map(|running| running.unseen.iter().map(|gap| (&running.name, &gap.what)));
    let gaps: Vec<_> = capture.gaps.iter().map(|gap| (&capture.host, gap)).chain(of_containers).collect();
    for (what, gap) in &gaps {
        writeln!(err, "{}", render::safe(&format!("{what}: not inspected: {gap}")))?;
    }
    Ok(if gaps.is_empty() { ExitStatus::Clean } else { ExitStatus::NotInspected })
}
