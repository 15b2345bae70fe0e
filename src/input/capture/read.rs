//! A capture read back from a file. Uses `super`.

use std::collections::BTreeSet;

use serde_json::error::Category;

use super::{Capture, VERSION};

/// The longest name of a container, image or project, in bytes. No engine takes one of a quarter of it.
const MAX_NAME: usize = 1024;

/// Why a file is of no use as a capture.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// It is not one. The user's to fix.
    #[error("this is not what `overlock capture` writes: {0}")]
    NotACapture(String),
    /// Another version of the tool wrote it. The user's to fix.
    #[error("this capture has version {found}, and this overlock reads {VERSION}; take it anew with this overlock")]
    OtherVersion {
        /// The version in the file.
        found: u64,
    },
}

/// A capture, and the fields that it has and this version does not know, each once.
#[derive(Debug)]
pub struct ReadCapture {
    /// The capture, without them.
    pub capture: Capture,
    /// Their names, the first of them.
    pub unknown: BTreeSet<String>,
}

/// How many unknown fields are named.
const MAX_UNKNOWN: usize = 10;
/// The longest name of one that is told.
const MAX_FIELD: usize = 64;

/// Reads a capture.
///
/// # Errors
/// What is wrong with the text, with line and column.
pub fn read(text: &str) -> Result<Capture, CaptureError> {
    read_whole(text.as_bytes()).map(|read| read.capture)
}

/// Reads a capture, and tells what of it a newer version has written.
///
/// # Errors
/// What is wrong with the text, with line and column.
pub fn read_whole(text: &[u8]) -> Result<ReadCapture, CaptureError> {
    #[derive(serde::Deserialize)]
    struct Version {
        overlock_capture: u64,
    }
    // Of a value that does not fit, the parser's message repeats what it is.
    let wrong = |error: serde_json::Error| {
        CaptureError::NotACapture(if error.is_data() {
            format!("a field is missing or of another kind at line {}, column {}", error.line(), error.column())
        } else {
            error.to_string()
        })
    };
    let version: Version = serde_json::from_slice(text).map_err(|error| match error.classify() {
        Category::Data => CaptureError::NotACapture("it has no `overlock_capture` with a number".to_owned()),
        _ => wrong(error),
    })?;
    if version.overlock_capture != u64::from(VERSION) {
        return Err(CaptureError::OtherVersion { found: version.overlock_capture });
    }
    let mut unknown = BTreeSet::new();
    let mut note = |path: serde_ignored::Path<'_>| {
        let field = field_name(&path);
        let is_word = field.len() <= MAX_FIELD && field.chars().all(|ch| ch.is_ascii_alphanumeric() || ch == '_');
        if unknown.len() < MAX_UNKNOWN {
            unknown.insert(if is_word { field } else { "one of another form".to_owned() });
        }
    };
    let mut from = serde_json::Deserializer::from_slice(text);
    let capture: Capture = serde_ignored::deserialize(&mut from, &mut note).map_err(wrong)?;
    from.end().map_err(wrong)?;
    let names = capture.containers.iter().flat_map(|one| {
        let image = one.image.as_ref().map(|image| &image.text);
        [Some(&one.name), Some(&one.engine().id), image, one.project.as_ref(), one.service.as_ref()]
    });
    // Each is repeated in many messages.
    if names.flatten().any(|name| name.len() > MAX_NAME) {
        return Err(CaptureError::NotACapture(format!("a name in it has more than {MAX_NAME} bytes")));
    }
    Ok(ReadCapture { capture, unknown })
}

/// The last name of a path: which of many containers has the field says nothing.
fn field_name(path: &serde_ignored::Path<'_>) -> String {
    match path {
        serde_ignored::Path::Map { key, .. } => key.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_version_and_another_file_are_told_apart() {
        assert!(matches!(read("{\"overlock_capture\": 9}"), Err(CaptureError::OtherVersion { found: 9 })));
        assert!(matches!(read("services: {}"), Err(CaptureError::NotACapture(_))));
        let own = serde_json::to_string(&Capture { overlock_capture: VERSION, ..Capture::default() }).unwrap();
        assert_eq!(read(&own).unwrap().overlock_capture, VERSION);
    }

    #[test]
    fn fields_of_a_newer_version_are_ignored_and_named() {
        let own = serde_json::to_string(&Capture { overlock_capture: VERSION, ..Capture::default() }).unwrap();
        let newer = own.replacen('{', r#"{"moon_phase": {"full": true}, "hunter2 secret": 1,"#, 1);
        let read = read_whole(newer.as_bytes()).unwrap();
        assert_eq!(read.unknown.iter().collect::<Vec<_>>(), ["moon_phase", "one of another form"]);
        assert!(read_whole(own.as_bytes()).unwrap().unknown.is_empty());
        assert!(read_whole(format!("{own} x").as_bytes()).is_err());
    }
}
