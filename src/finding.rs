//! What is reported: participants, findings with their locations, evidence and remedies. Plain data that knows
//! nothing of rendering. May use `text`, `model` and `rules`.

use crate::model::{Diagnostic, KernelMount};
use crate::rules::{Confidence, Severity};
use crate::text::{Sources, Span, Teller};

/// The answer of one run.
#[derive(Debug, Default)]
pub struct Report {
    /// Every container that has to do with a program's state directory, sorted by project and name.
    pub participants: Vec<Participant>,
    /// What is wrong, worst first.
    pub findings: Vec<Finding>,
    /// What was wrong with the input.
    pub diagnostics: Vec<Diagnostic>,
    /// What people wrote that can silence a finding or soften a verdict, and from which file it came.
    pub configuration: Vec<Influence>,
    /// How many of these a change adds itself, where one is looked at.
    pub added: usize,
    /// How many containers were looked at.
    pub containers: usize,
    /// Whether it was held against a baseline: what that does not suppress is new.
    pub baselined: bool,
    /// What it was held against that was so before, and what came of that; `None` where it stands alone.
    pub comparison: Option<Comparison>,
}

/// Something that people wrote and that the run went by: it can silence a finding or soften a verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Influence {
    /// The file, directory or container that says it.
    pub file: String,
    /// What kind of thing it is.
    pub kind: InfluenceKind,
    /// How many there are in the file.
    pub entries: usize,
}

/// Kinds of influence on a verdict or the exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum InfluenceKind {
    /// The configuration file, with all that it says.
    Configuration,
    /// A directory of rules.
    Rules,
    /// Findings of an earlier run.
    Baseline,
    /// Entries or comments that ignore findings.
    Ignores,
    /// Facts that nobody saw: labels, or entries of the configuration.
    Declarations,
    /// Severities in place of the matrix's.
    Severities,
    /// The severity from which on findings fail the run.
    FailOn,
}

impl InfluenceKind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Configuration,
        Self::Rules,
        Self::Baseline,
        Self::Ignores,
        Self::Declarations,
        Self::Severities,
        Self::FailOn,
    ];

    /// Its name in the JSON contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Rules => "rules",
            Self::Baseline => "baseline",
            Self::Ignores => "ignores",
            Self::Declarations => "declarations",
            Self::Severities => "severities",
            Self::FailOn => "fail-on",
        }
    }
}

/// What a report was held against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// What was so before.
    pub before: Before,
    /// What was found then and is found no more, worst first.
    pub gone: Vec<Gone>,
    /// Each participant of then or now, by project and name.
    pub verdicts: Vec<Verdicts>,
    /// Containers that run, stay, and are concerned by what is new, each with the rules that say so.
    pub endangered: Vec<Endangered>,
}

/// What was so before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// What the last run found, in seconds since 1970.
    LastRun(i64),
    /// There was no last run that could be read: all is new.
    Nothing,
    /// What runs now, before a plan is carried out.
    Running,
}

/// How a finding stands to what was before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It was not found before.
    New,
    /// It was, since this second after 1970 where that is known.
    Kept(Option<i64>),
}

/// A finding that is found no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    /// The rule's id.
    pub rule: String,
    /// How bad it was.
    pub severity: Severity,
    /// The container or service.
    pub container: String,
    /// Its project.
    pub project: Option<String>,
    /// What was said.
    pub message: String,
    /// What it is recognised by.
    pub fingerprint: String,
    /// Since when it was found, in seconds after 1970, where that is known.
    pub since: Option<i64>,
    /// What became of it.
    pub end: End,
}

/// Why a finding is found no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Its container was looked at, and it is not so any more.
    Fixed,
    /// The plan does not bring it, and what runs keeps it until its container is made anew.
    Renewed,
    /// Its container is no longer there.
    Left,
    /// Its container, or the host, could not be looked at: whether it is still so is not known.
    Unseen,
}

impl End {
    /// Its name in every output format.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Renewed => "renewed",
            Self::Left => "left",
            Self::Unseen => "unseen",
        }
    }
}

/// A participant's verdict before and after; `None` where it was not, or is not, there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdicts {
    /// The container or service.
    pub container: String,
    /// Its project.
    pub project: Option<String>,
    /// The verdict before.
    pub before: Option<Verdict>,
    /// The verdict now.
    pub after: Option<Verdict>,
}

/// A container that runs, and what new findings say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endangered {
    /// Its name.
    pub container: String,
    /// Its project.
    pub project: Option<String>,
    /// The rules that are newly broken, and by whom, as `rule (service)`.
    pub by: Vec<String>,
}

/// A container and what is known of its use of a program.
#[derive(Debug, Clone)]
pub struct Participant {
    /// The container's or service's name.
    pub container: String,
    /// Its project.
    pub project: Option<String>,
    /// What described it: `compose`, `script`, `engine`, or `host` for the host's own user.
    pub origin: &'static str,
    /// The program's id.
    pub program: String,
    /// The state directory, as the container sees it.
    pub state_dir: String,
    /// Where that really lives.
    pub place: PlaceName,
    /// Others that use the same login, by name; at most [`MAX_PEERS`] of them.
    pub peers: Vec<String>,
    /// How many others there are.
    pub peer_count: usize,
    /// `batch`, `interactive` or `unknown`.
    pub role: &'static str,
    /// `shared-login`, `own-login`, `not-refreshed` or `unknown`.
    pub auth: &'static str,
    /// `state-dir`, `file`, `dedicated-parent`, `home` or `private`.
    pub scope: &'static str,
    /// `rw` or `ro`.
    pub access: &'static str,
    /// The version or range, if known.
    pub version: Option<String>,
    /// The state of the internal locks.
    pub internal_lock: &'static str,
    /// The internal locks that its version takes.
    pub locks: Vec<LockName>,
    /// The state of the guard.
    pub guard: &'static str,
    /// The guard's path, if one is taken.
    pub guard_path: Option<String>,
    /// Where that really lives.
    pub guard_place: Option<PlaceName>,
    /// What shows the state of the guard.
    pub guard_evidence: Vec<Evidence>,
    /// The worst that was found.
    pub verdict: Verdict,
    /// Whether the verdict would be the same without anything that people only declare.
    pub basis: Basis,
    /// Why it is safe, or why it is not a participant; empty where findings say what is wrong.
    pub reason: String,
    /// Where it is described.
    pub span: Span,
}

/// How many peers are listed by name: a list of all would grow with the square of the containers.
pub const MAX_PEERS: usize = 20;

/// A place in words of the JSON contract.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlaceName {
    /// `host`, `volume`, `device`, `tmpfs`, `private` or `unresolved`.
    pub kind: &'static str,
    /// The volume's or device's name; where several hosts are judged together, with the host's before it.
    pub filesystem: Option<String>,
    /// The path in it.
    pub path: String,
    /// The same for people, as part of a sentence.
    pub text: String,
}

/// Where a path lives.
#[derive(Debug, Clone)]
pub struct Located {
    /// The path as it was asked for, made absolute.
    pub path: String,
    /// The path after every link on it.
    pub real: String,
    /// Whether links on it were looked at.
    pub followed: bool,
    /// Where it lives.
    pub place: PlaceName,
    /// Whether only this container can reach it.
    pub private: bool,
    /// The mount it is on, where the kernel showed it.
    pub mount: Option<KernelMount>,
    /// From where else the same place is reached, sorted.
    pub reached_by: Vec<Reach>,
}

/// Another way to a place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reach {
    /// The container's name.
    pub container: String,
    /// The path in it.
    pub path: String,
}

/// An internal lock and where it lands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockName {
    /// Its path in the container.
    pub path: String,
    /// Where that really lives.
    pub place: PlaceName,
}

/// The worst that was found about a participant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It does not take part in the refresh.
    NotAParticipant,
    /// Checked and sound; perhaps there is a note.
    Ok,
    /// A warning.
    Warning,
    /// A fact that the verdict hangs on is not known.
    Undetermined,
    /// An error.
    Error,
}

impl Verdict {
    /// The verdict of a name.
    pub fn named(name: &str) -> Option<Self> {
        let all = [Self::NotAParticipant, Self::Ok, Self::Warning, Self::Undetermined, Self::Error];
        all.into_iter().find(|one| one.name() == name)
    }

    /// Its name in every output format.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotAParticipant => "not-a-participant",
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Undetermined => "undetermined",
            Self::Error => "error",
        }
    }
}

/// What a verdict rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Basis {
    /// What was seen is enough for it.
    #[default]
    Seen,
    /// Without a label or an entry of the configuration it would be a worse one.
    Declared,
}

impl Basis {
    /// Its name in every output format.
    pub fn name(self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::Declared => "declared",
        }
    }

    /// A verdict as people read it: `ok`, or `ok (declared)`.
    pub fn qualify(self, verdict: Verdict) -> String {
        match self {
            Self::Seen => verdict.name().to_owned(),
            Self::Declared => format!("{} (declared)", verdict.name()),
        }
    }
}

impl Participant {
    /// The verdict as people read it.
    pub fn qualified_verdict(&self) -> String {
        self.basis.qualify(self.verdict)
    }
}

/// The rule whose findings count as undetermined rather than by their severity.
pub const UNDETERMINED: &str = "undetermined";

/// A broken rule.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The rule's id.
    pub rule: String,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// The container or service.
    pub container: String,
    /// Its project.
    pub project: Option<String>,
    /// The others concerned; at most [`MAX_PEERS`].
    pub peers: Vec<String>,
    /// One sentence of what and why.
    pub message: String,
    /// What to do, in order.
    pub remedies: Vec<String>,
    /// Where: the primary first.
    pub locations: Vec<Location>,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
    /// What tells it from every other finding, and is the same after lines have moved and services changed their order:
    /// 32 hexadecimal digits. Empty until it is given by `report`.
    pub fingerprint: String,
    /// Why it does not count, if it does not: it is told all the same.
    pub suppressed: Option<Suppressed>,
    /// How it stands to what was before; `None` where nothing was held against the report.
    pub change: Option<Change>,
}

/// Why a finding does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppressed {
    /// By what.
    pub by: SuppressedBy,
    /// The reason that a person gave; for what did not change, since when; empty for the baseline.
    pub reason: String,
    /// Where that is written, if a file says so.
    pub span: Option<Span>,
}

/// What suppresses a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SuppressedBy {
    /// A comment at the line or the service.
    Comment,
    /// The configuration.
    Configuration,
    /// The baseline: it was there before.
    Baseline,
    /// Nothing that it points at has changed since the revision that was given.
    Unchanged,
}

impl SuppressedBy {
    /// Its name in every output format.
    pub fn name(self) -> &'static str {
        match self {
            Self::Comment => "comment",
            Self::Configuration => "configuration",
            Self::Baseline => "baseline",
            Self::Unchanged => "unchanged",
        }
    }
}

#[cfg(test)]
impl Finding {
    /// An error of high confidence that says nothing, for tests to fill in.
    pub(crate) fn of(rule: &str, container: &str) -> Self {
        Self {
            rule: rule.to_owned(),
            severity: Severity::Error,
            confidence: Confidence::High,
            container: container.to_owned(),
            project: None,
            peers: Vec::new(),
            message: String::new(),
            remedies: Vec::new(),
            locations: Vec::new(),
            evidence: Vec::new(),
            fingerprint: String::new(),
            suppressed: None,
            change: None,
        }
    }
}

impl Finding {
    /// The span of the primary location.
    pub fn primary(&self) -> Option<Span> {
        self.locations.first().map(|location| location.span)
    }
}

/// A place in a file, with what it has to do with the finding. The text of the span may be shown: whoever makes a
/// location makes sure that no value of the environment is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// Where.
    pub span: Span,
    /// What is there, a few words.
    pub label: String,
}

/// What a fact rests on, and how strong that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// How strong.
    pub kind: EvidenceKind,
    /// What was seen, without a value of the environment.
    pub text: String,
    /// Where, if it is in a file.
    pub span: Option<Span>,
}

/// Strength of evidence, weakest first (`DESIGN.md`, section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EvidenceKind {
    /// A label or the configuration says so.
    Declared,
    /// A compose file shows it.
    Static,
    /// The engine tells it of a running container.
    Engine,
    /// The kernel shows it.
    Kernel,
}

impl EvidenceKind {
    /// Its name in every output format.
    pub fn name(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::Static => "static",
            Self::Engine => "engine",
            Self::Kernel => "kernel",
        }
    }
}

impl Evidence {
    /// What a compose file or the words in it show.
    pub fn seen(text: impl Into<String>, span: Option<Span>) -> Self {
        Self { kind: EvidenceKind::Static, text: text.into(), span }
    }

    /// What a label or the configuration says.
    pub fn declared(text: impl Into<String>, span: Option<Span>) -> Self {
        Self { kind: EvidenceKind::Declared, text: text.into(), span }
    }
}

impl Report {
    /// Gives what was seen of running containers its true strength, by who told the line it stands on.
    pub fn attribute(&mut self, sources: &Sources) {
        let told = |span: Span| sources.get(span.file).teller(span.start.line);
        for evidence in self.participants.iter_mut().flat_map(|one| &mut one.guard_evidence) {
            evidence.kind = match (evidence.kind, evidence.span.and_then(told)) {
                (EvidenceKind::Static, Some(Teller::Kernel)) => EvidenceKind::Kernel,
                (EvidenceKind::Static, Some(Teller::Engine)) => EvidenceKind::Engine,
                (kind, _) => kind,
            };
        }
        for finding in &mut self.findings {
            let live = finding.primary().is_some_and(|span| told(span).is_some());
            for evidence in finding.evidence.iter_mut().filter(|evidence| evidence.kind == EvidenceKind::Static) {
                evidence.kind = match evidence.span.map(told) {
                    Some(Some(Teller::Kernel)) => EvidenceKind::Kernel,
                    Some(Some(Teller::Engine)) => EvidenceKind::Engine,
                    None if live => EvidenceKind::Engine,
                    Some(None) | None => EvidenceKind::Static,
                };
            }
        }
    }
}
