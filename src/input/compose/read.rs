//! Files to text: bounded, UTF-8, and one clear diagnostic where that fails. May use `text` and `model`.

use std::path::Path;

use super::{Options, WrittenFile};
use crate::model::{Diagnostic, Level};
use crate::text::{FileId, ReadError, Sources, Span, Syntax};

/// The largest file that is read, in bytes. No compose file comes near it.
pub(super) const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// Reads a compose file in, `-` being what standard input held. One that a script writes stands in the script.
pub(super) fn read_compose(
    sources: &Sources,
    path: &Path,
    name: &str,
    options: &Options,
) -> Result<(FileId, String), Diagnostic> {
    if let Some(WrittenFile { script, text, .. }) = written_at(path, options) {
        return Ok((sources.add(script, text.clone()), text.clone()));
    }
    let text = decoded(sources, path, name, options.stdin.as_deref())?;
    Ok((sources.add_written(name, text.clone(), Syntax::Yaml), text))
}

fn written_at<'o>(path: &Path, options: &'o Options) -> Option<&'o WrittenFile> {
    options.written.as_deref().filter(|written| written.path == path)
}

/// Reads any other file in.
pub(super) fn read(sources: &Sources, path: &Path, name: &str) -> Result<(FileId, String), Diagnostic> {
    let text = decoded(sources, path, name, None)?;
    Ok((sources.add(name, text.clone()), text))
}

fn decoded(sources: &Sources, path: &Path, name: &str, stdin: Option<&[u8]>) -> Result<String, Diagnostic> {
    let bytes = bytes(sources, path, stdin).map_err(|error| {
        Diagnostic::about(Level::Error, Some(name.to_owned()), format!("cannot read this file: {error}"))
    })?;
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
        let file = sources.add(name, text);
        let span = Span::at(file, sources.get(file).position(valid));
        Diagnostic::at(Level::Error, span, "not UTF-8 from here on; save the file as UTF-8")
    })
}

/// A file's text, for a first look: whatever is wrong with it is told when it is read for good.
pub(super) fn text(sources: &Sources, path: &Path, options: &Options) -> Option<String> {
    if let Some(written) = written_at(path, options) {
        return Some(written.text.clone());
    }
    String::from_utf8(bytes(sources, path, options.stdin.as_deref()).ok()?).ok()
}

fn bytes(sources: &Sources, path: &Path, stdin: Option<&[u8]>) -> Result<Vec<u8>, ReadError> {
    match stdin.filter(|_| path == Path::new("-")) {
        Some(bytes) if bytes.len() as u64 > MAX_BYTES => Err(ReadError::TooLarge { limit: MAX_BYTES }),
        Some(bytes) => Ok(bytes.to_vec()),
        None => sources.reader().read(path, MAX_BYTES),
    }
}
