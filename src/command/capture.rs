//! `overlock capture`: what `audit` would judge, to be judged elsewhere. May use everything but `main`.

use std::io::Write;

use super::observe;
use super::session::Session;
use super::wanted::Wanted;
use crate::cli::Capture;
use crate::input::capture::redact;
use crate::render;
use crate::report::ExitStatus;

/// Prints one host's capture, secrets taken out. What could not be looked at is in it, and is told.
pub(super) fn run(
    arguments: &Capture,
    session: &Session<'_>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    let wanted = Wanted { compare_identities: arguments.compare_identities, ..Wanted::default() };
    let captures = observe::captures(&arguments.sight, &wanted, session)?;
    let [capture] = <[_; 1]>::try_from(captures)
        .map_err(|_| anyhow::anyhow!("a capture is of one host: give --from once, or not at all"))?;
    let capture = redact(capture, &session.rules.profiles);
    render::document(&capture, out)?;
    let of_containers =
        capture.containers.iter().flat_map(|running| running.unseen.iter().map(|gap| (&running.name, &gap.what)));
    let gaps: Vec<_> = capture.gaps.iter().map(|gap| (&capture.host, gap)).chain(of_containers).collect();
    for (what, gap) in &gaps {
        writeln!(err, "{}", render::safe(&format!("{what}: not inspected: {gap}")))?;
    }
    Ok(if gaps.is_empty() { ExitStatus::Clean } else { ExitStatus::NotInspected })
}
