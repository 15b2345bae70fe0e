//! Parts of a service that are not as Compose wants them: those that no verdict rests on are told and change none.
//! May use `model`, `rules` and earlier parts of `judge`.

use super::candidate::calls::{RunsProgram, program_calls};
use super::candidate::role::read_role;
use super::candidate::runs_program::runs_program;
use crate::model::{Container, Layout, Level, MISTAKEN_PART, MistakenPart};
use crate::rules::{Role, Ruleset};
use crate::text::Span;

/// Keys that say what a container runs: without them nothing is known of it.
const SAY_WHAT_RUNS: [&str; 8] =
    ["image", "build", "command", "entrypoint", "extends", "post_start", "pre_stop", "provider"];

/// Leaves the mistakes that a verdict rests on, and lowers what is told of the others to warnings.
pub(super) fn settle_mistakes(layout: &mut Layout, rules: &Ruleset) {
    let mut settled: Vec<Span> = Vec::new();
    for container in layout.containers.iter_mut().filter(|container| !container.mistakes.is_empty()) {
        let mistakes = std::mem::take(&mut container.mistakes);
        let (kept, others): (Vec<_>, Vec<_>) =
            mistakes.into_iter().partition(|part| may_change_verdict(part, container, rules));
        if kept.is_empty() {
            container.unseen.retain(|unseen| unseen.what != MISTAKEN_PART);
        }
        container.unseen.retain(|unseen| !others.iter().any(|part| part.span == unseen.span));
        settled.extend(others.into_iter().map(|part| part.span));
        container.mistakes = kept;
    }
    if settled.is_empty() {
        return;
    }
    // One part may stand for several services.
    let kept: Vec<Span> =
        layout.containers.iter().flat_map(|container| &container.mistakes).map(|part| part.span).collect();
    for diagnostic in &mut layout.diagnostics {
        let is_settled = diagnostic.span.is_some_and(|span| settled.contains(&span) && !kept.contains(&span));
        if is_settled && diagnostic.level > Level::Warning {
            diagnostic.level = Level::Warning;
        }
    }
}

/// Whether a verdict may be another one once a part is right.
fn may_change_verdict(part: &MistakenPart, container: &Container, rules: &Ruleset) -> bool {
    let key = part.key.as_str();
    if part.may_declare || SAY_WHAT_RUNS.contains(&key) {
        return true;
    }
    if key == "labels" {
        return false;
    }
    let bystanders = &rules.filesystems.bystander_commands;
    let mut runs_none = true;
    let mut is_batch = true;
    for profile in &rules.profiles {
        let calls = program_calls(container, profile);
        runs_none &= matches!(runs_program(container, profile, &calls, bystanders), RunsProgram::No(_));
        is_batch &= !calls.live.is_empty() && read_role(container, profile, &calls).role == Role::Batch;
    }
    match key {
        _ if runs_none => false,
        // Its calls say that nobody waits for it.
        "tty" | "stdin_open" => !is_batch,
        // They add to what root may do, which is what it may without them.
        "cap_add" | "privileged" => container.rights.no_override,
        _ => true,
    }
}
