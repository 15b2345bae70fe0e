//! A login: one place that holds credentials, who uses it and what is wrong with that. May use `rules`, `text` and earlier
//! parts of `finding`.

use super::evidence::Evidence;
use super::participant::Verdict;
use super::place_name::PlaceName;
use crate::rules::{Confidence, Severity};
use crate::text::Span;

/// One place that holds credentials: what a person has to repair.
#[derive(Debug, Clone)]
pub struct Login {
    /// What it is called in the JSON contract: `PROGRAM:KIND:PLACE`. No two are called alike.
    pub id: String,
    /// The program's id.
    pub program: String,
    /// The program's name.
    pub program_name: String,
    /// Where it lives.
    pub place: PlaceName,
    /// The worst verdict of its participants.
    pub verdict: Verdict,
    /// Who uses it, as indices in the participants.
    pub participants: Vec<usize>,
    /// What is wrong, worst first.
    pub findings: Vec<Finding>,
}

/// What is wrong with a login: the hits of one family and severity.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The family of its rules.
    pub family: String,
    /// The rule that names it, of its worst hit.
    pub rule: String,
    /// Every rule of its hits, the naming one first.
    pub rules: Vec<String>,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// One sentence of what is wrong.
    pub message: String,
    /// Why, a clause each.
    pub why: Vec<Evidence>,
    /// What it rests on.
    pub reasons: Vec<Evidence>,
    /// The participants concerned, as indices in the hits: those that count first.
    pub hits: Vec<usize>,
    /// What ends it, the one that ends most first.
    pub remedies: Vec<Remedy>,
}

impl Finding {
    /// The first remedy that ends something and of which all texts to write are known.
    pub fn written_remedy(&self) -> Option<&Remedy> {
        self.remedies.iter().find(|remedy| remedy.is_written() && !remedy.ends.is_empty())
    }

    /// The remedy that is told first, where it ends every one of several hits and all its texts are known.
    pub fn ending_remedy(&self) -> Option<&Remedy> {
        let ends_all = |remedy: &&Remedy| self.hits.iter().all(|hit| remedy.ends.contains(hit));
        self.remedies.first().filter(|remedy| self.hits.len() > 1 && remedy.is_written()).filter(ends_all)
    }
}

/// What ends hits of a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remedy {
    /// Its id in the matrix.
    pub id: String,
    /// What to do.
    pub text: String,
    /// The hits that it ends, as indices in the hits.
    pub ends: Vec<usize>,
    /// What to write where.
    pub edits: Vec<PlacedText>,
    /// Why a text to write is not known, a clause each; empty where all are, and where that is a person's matter anyway.
    pub unwritten: Vec<String>,
    /// What has to be done besides, so that it ends these hits.
    pub also: Vec<RemedyStep>,
    /// What follows from it that a person should know, a clause.
    pub note: Option<String>,
}

/// A further step of a remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemedyStep {
    /// What to do.
    pub text: String,
    /// What to write where.
    pub edits: Vec<PlacedText>,
    /// Why a text to write is not known, a clause each.
    pub unwritten: Vec<String>,
}

/// A step that a person does, since not all that it writes is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ManualStep<'a> {
    /// What to do.
    pub text: &'a str,
    /// Where that is, as far as it is known.
    pub edits: &'a [PlacedText],
    /// Why no text to write is known, a clause each; empty where it is a person's matter anyway.
    pub why: &'a [String],
}

impl Remedy {
    /// What to do, with all its steps.
    pub fn whole_text(&self) -> String {
        let steps = self.also.iter().map(|step| step.text.as_str());
        std::iter::once(self.text.as_str()).chain(steps).collect::<Vec<_>>().join(", and ")
    }

    /// What to write where, with all its steps.
    pub fn all_edits(&self) -> impl Iterator<Item = &PlacedText> {
        self.edits.iter().chain(self.also.iter().flat_map(|step| &step.edits))
    }

    /// The steps that a person has to do: those that have nothing to write, or not all of it.
    pub fn manual_steps(&self) -> impl Iterator<Item = ManualStep<'_>> {
        let first = ManualStep { text: &self.text, edits: &self.edits, why: &self.unwritten };
        let also =
            self.also.iter().map(|step| ManualStep { text: &step.text, edits: &step.edits, why: &step.unwritten });
        let is_manual =
            |step: &ManualStep<'_>| step.edits.is_empty() || step.edits.iter().any(|edit| edit.text.is_empty());
        std::iter::once(first).chain(also).filter(is_manual)
    }

    /// Whether all that it takes is texts that are known.
    pub fn is_written(&self) -> bool {
        self.manual_steps().next().is_none()
    }
}

/// A text to put at a place of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedText {
    /// What it replaces.
    pub span: Span,
    /// The text to put there; empty where the place alone is known.
    pub text: String,
}
