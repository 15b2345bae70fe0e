//! Captures of any number of hosts, judged as they are read: of each host only what was found is kept, and the containers
//! that those of other hosts can reach, which are judged together at the end. May use everything but `main`.

use std::collections::BTreeSet;
use std::io::Write;

use super::accept::{Acceptance, Prepared};
use super::captures;
use super::session::Session;
use super::settled::{self, Steps};
use crate::cli::LookArguments;
use crate::finding::{Judged, Report};
use crate::fix::{JudgedBefore, JudgedLayout, find_remedies};
use crate::input::capture::{self, Capture};
use crate::judge::{Withheld, join_withheld, judge, reaches_other_hosts, withhold};
use crate::model::{Container, KernelMount, Layout};
use crate::report::{Concealed, group_findings, regroup_findings};

/// Reads captures and judges them, and marks what does not count. Each host's layout is noted.
pub(super) fn settled(
    sight: &LookArguments,
    acceptance: &Acceptance<'_>,
    session: &Session<'_>,
    steps: &mut Steps<'_>,
    err: &mut dyn Write,
) -> anyhow::Result<Report> {
    // Whether hosts are to be told apart shows the second one.
    let (mut first, mut fleet) = (None, None);
    let mut failed = None;
    let told = captures::each(sight, session.world, |capture| {
        if fleet.is_none() && first.is_none() {
            first = Some(capture);
            return;
        }
        let known = match fleet.take() {
            Some(known) => Ok(known),
            None => Fleet::new(acceptance, session),
        };
        match known {
            Ok(mut known) => {
                for capture in first.take().iter().chain([&capture]) {
                    known.add(capture, steps.note);
                }
                fleet = Some(known);
            }
            Err(error) => failed = failed.take().or(Some(error)),
        }
    })?;
    if let Some(error) = failed {
        return Err(error);
    }
    if let Some(mut fleet) = fleet {
        fleet.report.diagnostics.extend(told.diagnostics);
        fleet.report.judged.extend(told.judged);
        return fleet.finish(steps, err);
    }
    let mut layout = Layout::default();
    if let Some(capture) = &first {
        layout.join(capture::layout(capture, session.rules, false, session.sources));
    }
    layout.diagnostics.extend(told.diagnostics);
    layout.judged.extend(told.judged);
    settled::settled(layout, &BTreeSet::new(), acceptance, session, steps, err)
}

/// What is kept of the hosts that were judged.
struct Fleet<'a, 'b> {
    acceptance: &'b Acceptance<'a>,
    session: &'b Session<'a>,
    prepared: Prepared,
    /// What is known for good.
    report: Report,
    /// The containers that those of other hosts can reach.
    within_reach: Layout,
    withheld: Vec<Withheld>,
}

impl<'a, 'b> Fleet<'a, 'b> {
    fn new(acceptance: &'b Acceptance<'a>, session: &'b Session<'a>) -> anyhow::Result<Self> {
        let mut whole = Layout::default();
        let prepared = acceptance.prepare(&mut whole, session.rules, session.sources)?;
        let report = Report { diagnostics: whole.diagnostics, ..Report::default() };
        Ok(Self { acceptance, session, prepared, report, within_reach: Layout::default(), withheld: Vec::new() })
    }

    /// Judges a host by itself.
    fn add(&mut self, capture: &Capture, note: &mut dyn FnMut(&Layout)) {
        let Session { rules, sources, .. } = *self.session;
        let mut layout = capture::layout(capture, rules, true, sources);
        layout.containers.iter_mut().for_each(forget_what_is_read);
        note(&layout);
        self.prepared.add_declarations(&layout.containers, sources);
        let concealed = Concealed::of(&mut layout, sources);
        let mut judged = judge(&mut layout, rules, self.acceptance.config());
        let before = JudgedBefore::of(&judged);
        judged.attribute(sources);
        concealed.apply(&mut judged);
        let withheld = withhold(&mut judged);
        let is_sound = judged.breaches.is_empty();
        self.settle(judged, Some(before), &mut layout);
        let concerned = withheld.containers();
        self.withheld.push(withheld);
        let all = layout.containers.into_iter().enumerate();
        let (reaching, rest): (Vec<_>, Vec<_>) =
            all.partition(|(at, one)| concerned.contains(at) || reaches_other_hosts(one, rules));
        self.within_reach.containers.extend(reaching.into_iter().map(|(_, one)| one));
        // Nobody is shown a line of a host that nothing is wrong with.
        for (_, one) in rest.iter().filter(|_| is_sound) {
            sources.forget_text(one.span.file);
        }
    }

    /// Takes in what was found, with what ends it.
    fn settle(&mut self, judged: Judged, before: Option<JudgedBefore>, layout: &mut Layout) {
        let Session { rules, sources, .. } = *self.session;
        let mut part = self.acceptance.accept(judged, &mut self.prepared, rules, sources);
        group_findings(&mut part, &rules.matrix, sources);
        let config = self.acceptance.config();
        find_remedies(&mut part, &mut JudgedLayout { before, layout, rules, config, sources });
        self.report.append(part);
    }

    /// Judges together those that hosts can reach of each other.
    fn finish(mut self, steps: &mut Steps<'_>, err: &mut dyn Write) -> anyhow::Result<Report> {
        let Session { rules, sources, .. } = *self.session;
        let mut layout = std::mem::take(&mut self.within_reach);
        let concealed = Concealed::of(&mut layout, sources);
        let mut judged = judge(&mut layout, rules, self.acceptance.config());
        judged.attribute(sources);
        concealed.apply(&mut judged);
        let judged = join_withheld(judged, std::mem::take(&mut self.withheld), &rules.matrix);
        self.settle(judged, None, &mut layout);
        drop(layout);
        let Self { acceptance, prepared, mut report, .. } = self;
        report.sort_participants();
        report.fail_on = steps.fail_on;
        acceptance.complete(&mut report, prepared, rules, sources, err)?;
        (steps.compare)(&mut report);
        regroup_findings(&mut report, &rules.matrix, sources);
        Ok(report)
    }
}

/// Forgets what mounts and calls were read from, and the layers of overlays: of a thousand hosts, it would be most of what is
/// kept.
fn forget_what_is_read(container: &mut Container) {
    container.mounts.iter_mut().filter_map(|mount| mount.kernel.as_deref_mut()).for_each(forget_layers);
    let Some(live) = &mut container.live else { return };
    if let Some(root) = &mut live.root {
        forget_layers(root);
    }
    let engine = &mut live.engine;
    (engine.mounts, engine.words, engine.check) = (Vec::new(), Vec::new(), Vec::new());
    (engine.image_id, engine.started_at) = (String::new(), String::new());
    if let Some(kernel) = &mut live.kernel {
        kernel.mounts = Vec::new();
        kernel.inodes.clear();
        kernel.sources.clear();
    }
}

/// Forgets the lower layers of an overlay, which are most of what its filesystem's options say: by its upper one it is told
/// from others. Another filesystem's options may say what a lock on it is worth.
fn forget_layers(mount: &mut KernelMount) {
    if mount.fstype.contains("overlay") {
        let is_layer = |option: &String| ["lowerdir=", "workdir="].iter().any(|name| option.starts_with(name));
        mount.super_options.retain(|option| !is_layer(option));
    }
}
