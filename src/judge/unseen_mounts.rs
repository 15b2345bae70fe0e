//! Containers whose mounts are not known whole: which of them may share somebody's login.
//! May use `model` and earlier parts of `judge`.

use std::collections::HashSet;

use super::candidate::Candidate;
use super::candidate::calls::{RunsProgram, is_command};
use crate::model::Container;

/// Lists the containers that may mount what a participant has: those that run the program, and of those that may run it
/// the ones whose image is a participant's or is not known, or whose words name the program. Whoever else runs an image
/// that nobody else here has is a stranger.
pub(crate) fn list_unseen_mounts(candidates: &mut [Candidate<'_>]) {
    if candidates.iter().all(|candidate| candidate.container.unseen_mounts.is_none()) {
        return;
    }
    let participants = candidates.iter().filter(|candidate| candidate.takes_part() && !is_unsure(candidate));
    let images: HashSet<&str> = participants.map(|candidate| image_of(candidate.container).unwrap_or("")).collect();
    let may_share = |candidate: &Candidate<'_>| {
        let is_of_participant = || image_of(candidate.container).is_none_or(|image| images.contains(image));
        (!images.is_empty() && is_of_participant()) || names_program(candidate)
    };
    let listed: Vec<bool> = candidates
        .iter()
        .map(|candidate| is_unsure(candidate) && candidate.runs == RunsProgram::Unknown && may_share(candidate))
        .collect();
    for (candidate, listed) in candidates.iter_mut().zip(listed) {
        candidate.listed |= listed;
    }
}

/// Whether its login may be on a mount that was not seen.
fn is_unsure(candidate: &Candidate<'_>) -> bool {
    candidate.container.unseen_mounts.is_some() && candidate.login.mount.is_none()
}

/// Whether the program is among the words of the command: which of them is the image may not be known.
fn names_program(candidate: &Candidate<'_>) -> bool {
    let mut words = candidate.container.command.iter().flat_map(|command| &command.words);
    words.any(|word| is_command(&word.text, candidate.profile))
}

/// The image, where it is known.
fn image_of(container: &Container) -> Option<&str> {
    container.image.as_ref().filter(|image| !image.is_symbolic()).map(|image| image.text.as_str())
}
