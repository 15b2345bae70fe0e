//! What the judge answers: participants, and the rules that each breaks, before anything is accepted or grouped.
//! May use `model`, `text` and earlier parts of `finding`.

use std::collections::BTreeSet;

use super::accepted_files::AcceptedFiles;
use super::breach::Breach;
use super::evidence::{Evidence, EvidenceKind};
use super::participant::Participant;
use super::place_name::PlaceName;
use crate::model::{Diagnostic, ExcludedFiles, JudgedFile, NotJudgedFile};
use crate::text::{FileId, Sources, Span, Teller};

/// What the judge answers.
#[derive(Debug, Default)]
pub struct Judged {
    /// Every place that holds a login.
    pub logins: Vec<LoginPlace>,
    /// Every container that has to do with a program's state directory, sorted by project and name.
    pub participants: Vec<Participant>,
    /// The rules that they break.
    pub breaches: Vec<Breach>,
    /// What was wrong with the input.
    pub diagnostics: Vec<Diagnostic>,
    /// How many containers were looked at.
    pub containers: usize,
    /// The files that calls of known programs are written in.
    pub call_files: BTreeSet<FileId>,
    /// The files that were judged.
    pub files: Vec<JudgedFile>,
    /// The files that were found and were not judged.
    pub unread_files: Vec<NotJudgedFile>,
    /// What the configuration left out of a search.
    pub excluded: ExcludedFiles,
    /// What the configuration accepts of files.
    pub accepted_files: Vec<AcceptedFiles>,
}

/// A place that holds a login of a program.
#[derive(Debug, Clone)]
pub struct LoginPlace {
    /// The program's id.
    pub program: String,
    /// The program's name.
    pub program_name: String,
    /// Where it lives.
    pub place: PlaceName,
}

impl Judged {
    /// Gives what was seen of running containers its true strength, by who told the line it stands on.
    pub fn attribute(&mut self, sources: &Sources) {
        for evidence in self.participants.iter_mut().flat_map(|one| &mut one.guard_evidence) {
            attribute_evidence(evidence, false, sources);
        }
        for breach in &mut self.breaches {
            let is_live = breach.primary().and_then(|span| teller(span, sources)).is_some();
            for evidence in &mut breach.evidence {
                attribute_evidence(evidence, is_live, sources);
            }
        }
    }
}

/// Who told the line of a span: `None` where a file says it.
fn teller(span: Span, sources: &Sources) -> Option<Teller> {
    sources.get(span.file).teller(span.start.line)
}

/// `is_live` says that what has no place of its own was seen of a running container.
fn attribute_evidence(evidence: &mut Evidence, is_live: bool, sources: &Sources) {
    if evidence.kind != EvidenceKind::Static {
        return;
    }
    evidence.kind = match evidence.span.map(|span| teller(span, sources)) {
        Some(Some(Teller::Kernel)) => EvidenceKind::Kernel,
        Some(Some(Teller::Engine)) => EvidenceKind::Engine,
        None if is_live => EvidenceKind::Engine,
        Some(None) | None => EvidenceKind::Static,
    };
}
