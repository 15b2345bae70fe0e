//! A capture read back from a file. Uses `super`.

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

/// Reads a capture.
///
/// # Errors
/// What is wrong with the text, with line and column.
pub fn read(text: &str) -> Result<Capture, CaptureError> {
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
    let version: Version = serde_json::from_str(text).map_err(|error| match error.classify() {
        Category::Data => CaptureError::NotACapture("it has no `overlock_capture` with a number".to_owned()),
        _ => wrong(error),
    })?;
    if version.overlock_capture != u64::from(VERSION) {
        return Err(CaptureError::OtherVersion { found: version.overlock_capture });
    }
    let capture: Capture = serde_json::from_str(text).map_err(wrong)?;
    let names = capture.containers.iter().flat_map(|one| {
        let image = one.image.as_ref().map(|image| &image.text);
        [Some(&one.name), Some(&one.engine().id), image, one.project.as_ref(), one.service.as_ref()]
    });
    // Each is repeated in many messages.
    if names.flatten().any(|name| name.len() > MAX_NAME) {
        return Err(CaptureError::NotACapture(format!("a name in it has more than {MAX_NAME} bytes")));
    }
    Ok(capture)
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
}
