//! The types of the rule files, and what is right in a matrix. The build script is made of these files too: it checks the
//! rules of the repository and lays them out as they are used, so that no run reads or checks them again. Therefore
//! nothing in here uses more of this crate than `text::quoted`.

mod check;
mod fact;
mod filesystems;
mod level;
mod matrix;
mod message;
mod named;
mod profile;
mod version;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub(crate) use check::{Checker, Mistake};
pub use fact::*;
pub use filesystems::{FilesystemType, Filesystems, HostPathHint, OptionEffect, Visibility};
pub use level::{Confidence, FailOn, Severity};
pub(crate) use matrix::RawMatrix;
pub use matrix::{AdvisedAs, Matrix, Outcome, Row, RuleText, Ruling, Table, named_remedy};
pub use message::Message;
pub use named::{Placeholder, TableName};
pub use profile::{
    AuthVariable, BlankValue, Bundle, CredentialsVariable, Effect, GuardDefaults, Lock, LockKind, Profile, SideFile,
    StateDirectory,
};
pub use version::VersionRange;

/// What the rule files say, checked: what the build script writes and a run reads.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RuleData {
    /// Programs by their files' paths below the rules' directory, such as `profiles/claude-code.yaml`.
    pub(crate) profiles: BTreeMap<String, Profile>,
    /// The decision matrix.
    pub(crate) matrix: Matrix,
    /// Filesystems and well-known places.
    pub(crate) filesystems: Filesystems,
}
