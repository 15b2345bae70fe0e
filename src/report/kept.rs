//! What the files of ours have in common that a run keeps for another: who wrote them, and in which form. Uses nothing
//! else of this crate.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What wrote a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tool {
    pub(super) name: String,
    pub(super) version: String,
}

impl Tool {
    /// This tool.
    pub(super) fn own() -> Self {
        Self { name: env!("CARGO_PKG_NAME").to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }
    }
}

/// A file that says in which form it is.
pub(super) struct Kept {
    /// The version of its form.
    pub(super) version: u64,
    /// The release that wrote it, as it says.
    pub(super) by: String,
    pub(super) whole: Value,
}

/// Why a text is none.
pub(super) enum NotKept {
    /// It is no whole JSON: the line where it ends.
    Torn(usize),
    /// It does not say in which form it is.
    Unversioned,
}

/// Reads a text as far as its form.
pub(super) fn open(text: &str) -> Result<Kept, NotKept> {
    let whole: Value = serde_json::from_str(text).map_err(|error| NotKept::Torn(error.line()))?;
    let version = whole.get("schema_version").and_then(Value::as_u64).ok_or(NotKept::Unversioned)?;
    let by = whole.pointer("/tool/version").and_then(Value::as_str).unwrap_or("of unknown version");
    // It is shown, and nobody knows which file that is: a version's characters and no more.
    let by = by.chars().filter(|one| one.is_ascii_alphanumeric() || " .+-".contains(*one)).take(40).collect();
    Ok(Kept { version, by, whole })
}
