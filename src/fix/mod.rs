//! Remedies that are mechanical: what to change in a compose file so that a finding ends. Nothing is written here, and
//! whoever applies a change judges what comes out of it. May use `text`, `model`, `rules` and `finding`.
//!
//! Only what moves no data and takes no decision is offered. A dedicated parent for all participants is not: the login
//! would have to be moved on the host by a person, between the change and the next start, or everybody is logged out.
//!
//! Changes are edits of byte ranges, by the spans that the YAML tree keeps for every node, so that comments, quotes and
//! line endings stay. `yamlpatch`, the editor for that, wants tree-sitter 0.27 beside our 0.25, which cannot be linked
//! together, and finds a node by its path of keys, where a finding has its span already.

mod edit;
mod identity;
mod mount_fixes;
mod site;

use crate::finding::{Breach, Participant};
use crate::text::{Sources, Span};

pub use edit::apply_edits;
use site::MountSite;

/// A change that ends a breach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What it does, a few words.
    pub what: String,
    /// What a person has to do once it is in place.
    pub then: Option<&'static str>,
    /// The changes, all in one file.
    pub edits: Vec<Edit>,
}

/// A part of a file and what takes its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The part; of no width where something is put in.
    pub span: Span,
    /// What stands there instead.
    pub text: String,
}

/// Whether a rule's findings can be ended by a change at all.
pub fn is_fixable(rule: &str) -> bool {
    matches!(rule, "interactive-shares-identity" | "read-only-share" | "file-mount")
}

/// The change that ends a finding about a container.
///
/// # Errors
/// Why there is none, as a clause.
pub fn propose(
    breach: &Breach,
    participant: &Participant,
    others: &[Participant],
    sources: &Sources,
) -> Result<Fix, String> {
    if participant.origin != "compose" {
        return Err("it is not a service of a compose file".to_owned());
    }
    let span = breach.primary().ok_or("it has no place in a file")?;
    let site = MountSite::find_mount(span, &breach.container, sources)?;
    match breach.rule.as_str() {
        "interactive-shares-identity" => identity::separate_login(&site, participant),
        "read-only-share" => mount_fixes::make_writable(&site),
        "file-mount" => mount_fixes::mount_directory(&site, participant, others),
        _ => Err("what to do about it is for a person to decide".to_owned()),
    }
}
