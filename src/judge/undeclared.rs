//! What verdicts would be where nothing is declared, and which of those that count rest on what is. May use `finding`.

use std::collections::HashMap;

use crate::finding::{Basis, Judged, Verdict};

/// A use of a program: the container's index in the layout, the program, and the state directory.
pub(super) type Use = (usize, String, String);

/// The worst verdict of each use.
pub(super) fn worst_verdicts(judged: Judged) -> HashMap<Use, Verdict> {
    let mut worst: HashMap<Use, Verdict> = HashMap::new();
    for one in judged.participants {
        let known = worst.entry((one.index, one.program, one.state_dir)).or_insert(one.verdict);
        *known = one.verdict.max(*known);
    }
    worst
}

/// Marks the verdicts that are worse where nothing is declared.
pub(super) fn mark_declared(judged: &mut Judged, undeclared: &HashMap<Use, Verdict>) {
    for one in &mut judged.participants {
        let of = (one.index, one.program.clone(), one.state_dir.clone());
        if undeclared.get(&of).is_some_and(|verdict| *verdict > one.verdict) {
            one.basis = Basis::Declared;
        }
    }
}
