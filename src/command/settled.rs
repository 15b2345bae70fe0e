//! One layout, judged, with what counts of it and what ends that. May use everything but `main`.

use std::collections::{BTreeSet, HashSet};
use std::io::Write;

use super::accept::Acceptance;
use super::session::Session;
use crate::finding::{Judged, Report, Verdict};
use crate::fix::{JudgedBefore, JudgedLayout, find_remedies};
use crate::judge::judge;
use crate::model::Layout;
use crate::report::{Concealed, FailOn, group_findings, tell_paths_from};
use crate::text::Span;

/// What a command does besides.
pub(super) struct Steps<'s> {
    /// Which hits fail the run.
    pub(super) fail_on: FailOn,
    /// Notes each layout before it is judged.
    pub(super) note: &'s mut dyn FnMut(&Layout),
    /// Holds the report against something else before what ends its findings is looked for.
    pub(super) compare: &'s mut dyn FnMut(&mut Report),
}

/// Judges a layout, and marks what does not count, with nothing to do besides.
pub(super) fn settled_alone(
    layout: Layout,
    only: &BTreeSet<String>,
    acceptance: &Acceptance<'_>,
    session: &Session<'_>,
    err: &mut dyn Write,
) -> anyhow::Result<Report> {
    let (note, compare) = (&mut |_: &Layout| (), &mut |_: &mut Report| ());
    let fail_on = acceptance.config().fail_on.unwrap_or_default();
    settled(layout, only, acceptance, session, &mut Steps { fail_on, note, compare }, err)
}

/// Judges a layout, and marks what does not count.
pub(super) fn settled(
    mut layout: Layout,
    only: &BTreeSet<String>,
    acceptance: &Acceptance<'_>,
    session: &Session<'_>,
    steps: &mut Steps<'_>,
    err: &mut dyn Write,
) -> anyhow::Result<Report> {
    let &Session { rules, sources, .. } = session;
    (steps.note)(&layout);
    let mut prepared = acceptance.prepare(&mut layout, rules, sources)?;
    let concealed = Concealed::of(&mut layout, sources);
    let mut judged = judge(&mut layout, rules, acceptance.config());
    let before = JudgedBefore::of(&judged);
    judged.attribute(sources);
    // What a hit is recognised by holds no value of the environment either.
    concealed.apply(&mut judged);
    // What an operator compares with this host keeps its whole paths.
    if acceptance.planned && layout.containers.iter().all(|container| container.live.is_none()) {
        tell_paths_from(&session.world.directory.display().to_string(), &mut judged);
    }
    keep(&mut judged, only);
    let mut report = acceptance.accept(judged, &mut prepared, rules, sources);
    report.fail_on = steps.fail_on;
    acceptance.complete(&mut report, prepared, rules, sources, err)?;
    press_unread_builds(&mut report, &layout);
    (steps.compare)(&mut report);
    group_findings(&mut report, &rules.matrix, sources);
    let config = acceptance.config();
    if only.is_empty() {
        find_remedies(
            &mut report,
            &mut JudgedLayout { before: Some(before), layout: &mut layout, rules, config, sources },
        );
    } else {
        claim_nothing(&mut report);
    }
    Ok(report)
}

/// Tells of an image that could not be read wherever a participant of unknown version runs it: the version may be there.
fn press_unread_builds(report: &mut Report, layout: &Layout) {
    let unknown =
        report.participants.iter().filter(|one| one.verdict != Verdict::NotAParticipant && one.version.is_none());
    let builds = unknown.filter_map(|one| layout.containers.get(one.index)?.build.as_ref());
    let builds: HashSet<Span> = builds.map(|build| build.span).collect();
    for diagnostic in &mut report.diagnostics {
        diagnostic.is_pressing |= diagnostic.span.is_some_and(|span| builds.contains(&span));
    }
}

/// Leaves the remedies as advice: what is told of some containers alone says nothing of whom a change would help.
fn claim_nothing(report: &mut Report) {
    let findings = report.logins.iter_mut().flat_map(|login| &mut login.findings);
    for remedy in findings.flat_map(|finding| &mut finding.remedies) {
        remedy.ends.clear();
    }
}

/// Keeps what is told of the containers that were asked for.
fn keep(judged: &mut Judged, only: &BTreeSet<String>) {
    if only.is_empty() {
        return;
    }
    // Breaches name their participant by its number.
    let mut numbers = Vec::with_capacity(judged.participants.len());
    let mut kept = 0;
    for one in &judged.participants {
        let is_kept = only.contains(&one.container);
        numbers.push(is_kept.then_some(kept));
        kept += usize::from(is_kept);
    }
    judged.participants.retain(|one| only.contains(&one.container));
    judged.breaches.retain(|breach| only.contains(&breach.container));
    for breach in &mut judged.breaches {
        breach.renumber(|at| numbers.get(at).copied().flatten());
    }
    judged.containers = only.len();
}
