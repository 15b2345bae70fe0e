//! What ends a finding: remedies, each tried in a copy of the containers concerned and judged again, with what to write
//! where. Nothing is written here, and whoever applies a change judges what comes out of it. May use `text`, `model`,
//! `rules`, `finding` and `judge`.
//!
//! ```text
//! change         what a remedy of the matrix does to a layout;  change_site: where it was made
//! model_change   it done to a copy
//! outcome        what is wrong before and after;  same_files: files that were read more than once
//! version_place  where a version is decided;  version_text, flock_text: what to write there
//! site           a mount in its file;  mount_fixes, identity: what to write there
//! wanted         which changes are advised to whom;  concerned: in which containers they are tried
//! trial          changes made, judged and taken back
//! remedies       what ends each finding of a report;  remedy_text: in words
//! ```
//!
//! Only what moves no data and takes no decision is offered. A dedicated parent for all participants is not: the login
//! would have to be moved on the host by a person, between the change and the next start, or everybody is logged out.
//!
//! Changes are edits of byte ranges, by the spans that the YAML tree keeps for every node, so that comments, quotes and
//! line endings stay. `yamlpatch`, the editor for that, brings tree-sitter, and finds a node by its path of keys, where
//! a finding has its span already.

mod change;
mod change_site;
mod concerned;
mod edit;
mod flock_text;
mod identity;
mod model_change;
mod mount_fixes;
mod outcome;
mod remedies;
mod remedy_text;
mod same_files;
mod site;
mod trial;
mod version_place;
mod version_text;
mod wanted;

pub(crate) use crate::finding::PlacedText as Edit;
use crate::finding::{Breach, Participant};
use crate::text::Sources;

pub use change_site::{JudgedBefore, JudgedLayout};
pub use edit::apply_edits;
pub use remedies::find_remedies;
use site::{MountSite, YamlFiles};

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

/// Who uses a mount as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MountUsers {
    /// One service.
    One,
    /// Several, all of which want the change.
    Agreed,
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
    users: MountUsers,
    sources: &Sources,
) -> Result<Fix, String> {
    if participant.origin != "compose" {
        return Err("it is not a service of a compose file".to_owned());
    }
    let span = breach.primary().ok_or("it has no place in a file")?;
    let files = YamlFiles::default();
    let site = match users {
        MountUsers::Agreed if breach.rule != "interactive-shares-identity" => {
            MountSite::find_common_mount(span, &breach.container, &files, sources)?
        }
        MountUsers::One | MountUsers::Agreed => MountSite::find_mount(span, &breach.container, &files, sources)?,
    };
    match breach.rule.as_str() {
        // One source for all of them is no login of its own for any.
        "interactive-shares-identity" if users == MountUsers::Agreed => {
            Err("other services use the same mount as it is written here".to_owned())
        }
        "interactive-shares-identity" => identity::separate_login(&site, participant, &site.service),
        "read-only-share" => mount_fixes::make_writable(&site),
        "file-mount" => mount_fixes::mount_directory(&site, participant, others),
        _ => Err("what to do about it is for a person to decide".to_owned()),
    }
}
