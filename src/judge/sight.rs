//! What could not be seen of a participant and without which it cannot be judged, and what would settle it.
//! May use `ruleset`, `model` and earlier parts of `judge`.

use super::Judgement;
use super::program::ROLE_LABEL;
use super::subject::Subject;
use super::verdict::Blind;
use crate::ruleset::{Refresh, Sight};

impl Judgement<'_, '_> {
    /// The first thing that is not seen and on which the verdict hangs.
    pub(super) fn blind(&self, subject: &Subject<'_>) -> Option<(Sight, Blind)> {
        let name = &subject.container.name;
        let unreadable = [&subject.role.unreadable, &subject.version.unreadable, &subject.guard.unreadable];
        if let Some(evidence) = unreadable.into_iter().flatten().next() {
            let blind = Blind {
                problem: format!("{name} declares something that is not understood: {}", evidence.text),
                settle: "Correct it; `overlock explain undetermined` lists the values.".to_owned(),
                span: evidence.span.unwrap_or(subject.container.span),
            };
            return Some((Sight::Declaration, blind));
        }
        if let Some(unseen) = subject.container.unseen.first() {
            let blind = Blind {
                problem: format!("{name} was not seen whole: {}", unseen.what),
                settle: if subject.container.is_running() {
                    "Run overlock as root on the engine's host (in a container: with --pid host and --proc), and where the capture was taken, if it is one.".to_owned()
                } else {
                    "Run overlock where that can be read, or with what stands for it.".to_owned()
                },
                span: unseen.span,
            };
            return Some((Sight::Part, blind));
        }
        if subject.state.path.starts_with("${") && subject.login.mount.is_none() && subject.mounts_something() {
            let blind = Blind {
                problem: format!(
                    "where {name} keeps its state hangs on a variable that is not set: {}",
                    subject.state.path
                ),
                settle: "Set the variable where overlock runs, or give it a default: ${NAME:-default}.".to_owned(),
                span: subject
                    .state
                    .evidence
                    .iter()
                    .find_map(|evidence| evidence.span)
                    .unwrap_or(subject.container.span),
            };
            return Some((Sight::StateDirectory, blind));
        }
        let variable = &subject.profile.state_directory.variable;
        if let Some(mount) = subject.reach {
            let target = &mount.target.text;
            let blind = Blind {
                problem: format!(
                    "{name} mounts a state directory at {target}, and whether the program looks there is not known"
                ),
                settle: format!(
                    "Set {variable} or HOME in the service's environment; or, if it does not run {}, label it `{ROLE_LABEL}: none` or mount it read-only.",
                    subject.profile.name
                ),
                span: mount.span,
            };
            return Some((Sight::StateDirectory, blind));
        }
        if let Some(mount) = subject.loose_target.filter(|_| subject.login.mount.is_none()) {
            let blind = Blind {
                problem: format!(
                    "what {name} mounts at {} may be its state directory: the variable is not set",
                    mount.target.text
                ),
                settle: "Set the variable where overlock runs, or give it a default: ${NAME:-default}.".to_owned(),
                span: mount.span,
            };
            return Some((Sight::Target, blind));
        }
        let waits = subject.refresh != Refresh::No && !self.all_settled();
        if waits && self.unresolved.may_coincide(subject) {
            let place = subject.login_directory().name().text;
            let problem = if subject.login.place.is_unresolved() {
                format!(
                    "whether {name} shares its state directory with others is not known: {place} hangs on a variable that is not set"
                )
            } else {
                format!(
                    "whether others share {place} with {name} is not known: theirs hangs on a variable that is not set"
                )
            };
            let settle =
                "Set the variable where overlock runs (or in .env), or give it a default: ${NAME:-default}.".to_owned();
            return Some((Sight::Place, Blind { problem, settle, span: subject.span() }));
        }
        None
    }

    /// Whether every participant takes a lock inside the directory, so that sharing it is safe wherever it is.
    fn all_settled(&self) -> bool {
        let mut refreshing =
            self.subjects.iter().filter(|subject| subject.takes_part() && subject.refresh != Refresh::No);
        refreshing.all(|subject| subject.profile.is_settled(subject.version.range.as_ref()))
    }
}
