//! A container and what is known of its use of a program. May use `model`, `rules` and `text`.

use super::evidence::Evidence;
use super::place_name::PlaceName;
use crate::model::ContainerId;
use crate::rules::Severity;
use crate::text::Span;

/// A container and what is known of its use of a program.
#[derive(Debug, Clone)]
pub struct Participant {
    /// The container's or service's name.
    pub container: String,
    /// The container's index in the layout that was judged.
    pub index: usize,
    /// Its project.
    pub project: Option<String>,
    /// How people call it: all ways through a script to one start alike, a variant of a service with its files.
    pub label: String,
    /// The name that a script gives it, where one does.
    pub name_of_start: Option<String>,
    /// What it stays called when it is started again: its service, or a name with `*` for what is another each time.
    pub service: String,
    /// Whether it is removed when it ends, and another one takes its place.
    pub recurs: bool,
    /// How many equal containers it stands for.
    pub instances: u64,
    /// Whether there may be more: what starts it may do so any number of times.
    pub or_more: bool,
    /// The login that it uses, as an index in the logins.
    pub login: usize,
    /// The mount that brings the login, where one does.
    pub mount: Option<MountText>,
    /// What described it: `compose`, `devcontainer`, `script`, `engine`, or `host` for the host's own user.
    pub origin: &'static str,
    /// The program's id.
    pub program: String,
    /// The state directory, as the container sees it.
    pub state_dir: String,
    /// Where that really lives.
    pub place: PlaceName,
    /// Where several hosts are judged: whether containers of other ones can reach its login, or it is not known that they
    /// cannot.
    pub within_reach: bool,
    /// Others that use the same login, by name; at most [`MAX_PEERS`] of them.
    pub peers: Vec<String>,
    /// How many others there are.
    pub peer_count: usize,
    /// Whether anybody may start a second one while it runs, with nothing that keeps the two apart.
    pub may_overlap: bool,
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

impl Participant {
    /// What all ways to one container have as their name: of a start how people call it, of a service its own, which is one
    /// in a project however many variants of that there are. `None` of what runs, which is there by one way alone.
    pub fn name_of_all_ways(&self) -> Option<&str> {
        match (self.origin, &self.project) {
            ("script", _) => Some(&self.label),
            ("compose", Some(_)) => Some(&self.container),
            _ => None,
        }
    }
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
    /// A fact that the verdict depends on is not known.
    Undetermined,
    /// An error.
    Error,
}

impl Verdict {
    /// What a broken rule of a severity makes of a participant.
    pub fn of_severity(severity: Severity) -> Self {
        match severity {
            Severity::Error => Self::Error,
            Severity::Warning => Self::Warning,
            Severity::Note => Self::Ok,
        }
    }

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

/// A mount as a file writes it.
#[derive(Debug, Clone)]
pub struct MountText {
    /// Where it is written.
    pub span: Span,
    /// Its mount point in the container.
    pub target: String,
}

impl Participant {
    /// Its container, by project and name.
    pub fn container_id(&self) -> ContainerId {
        ContainerId::new(self.project.as_deref(), &self.container)
    }

    /// The verdict as people read it.
    pub fn qualified_verdict(&self) -> String {
        self.basis.qualify(self.verdict)
    }

    /// A sound participant of which nothing is known, for tests to fill in.
    #[cfg(test)]
    pub(crate) fn of(container: &str) -> Self {
        let place = PlaceName { kind: "host", filesystem: None, path: String::new(), text: String::new() };
        Self {
            index: 0,
            container: container.to_owned(),
            project: None,
            label: container.to_owned(),
            name_of_start: None,
            service: container.to_owned(),
            recurs: false,
            instances: 1,
            or_more: false,
            login: 0,
            mount: None,
            origin: "compose",
            program: "claude-code".to_owned(),
            state_dir: "/home/agent/.claude".to_owned(),
            place,
            within_reach: false,
            peers: Vec::new(),
            peer_count: 0,
            may_overlap: false,
            role: "batch",
            auth: "shared-login",
            scope: "state-dir",
            access: "rw",
            version: None,
            internal_lock: "private",
            locks: Vec::new(),
            guard: "absent",
            guard_path: None,
            guard_place: None,
            guard_evidence: Vec::new(),
            verdict: Verdict::Ok,
            basis: Basis::Seen,
            reason: String::new(),
            span: Span::default(),
        }
    }
}

/// How many peers are listed by name: a list of all would grow with the square of the containers.
pub const MAX_PEERS: usize = 20;
