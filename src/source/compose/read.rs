//! Files to text: bounded, UTF-8, and one clear diagnostic where that fails. May use `text` and `model`.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::model::{Diagnostic, Level};
use crate::text::{FileId, Sources, Span, Syntax};

/// The largest file that is read, in bytes. No compose file comes near it.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// Reads a compose file in, `-` being what standard input held.
pub(super) fn read_compose(
    sources: &Sources,
    path: &Path,
    name: &str,
    stdin: Option<&[u8]>,
) -> Result<(FileId, String), Diagnostic> {
    if let Some(text) = sources.planned(path) {
        return Ok((sources.add_written(name, text, Syntax::Yaml), text.to_owned()));
    }
    let text = decoded(sources, path, name, stdin)?;
    Ok((sources.add_written(name, text.clone(), Syntax::Yaml), text))
}

/// Reads any other file in.
pub(super) fn read(sources: &Sources, path: &Path, name: &str) -> Result<(FileId, String), Diagnostic> {
    let text = decoded(sources, path, name, None)?;
    Ok((sources.add(name, text.clone()), text))
}

fn decoded(sources: &Sources, path: &Path, name: &str, stdin: Option<&[u8]>) -> Result<String, Diagnostic> {
    let bytes = bytes(path, stdin).map_err(|error| {
        let message = format!("cannot read this file: {error}; check its path and permissions");
        Diagnostic::about(Level::Error, Some(name.to_owned()), message)
    })?;
    if bytes.len() as u64 > MAX_BYTES {
        let message = format!("larger than {} MiB, which no compose file is; it is not read", MAX_BYTES / 1024 / 1024);
        return Err(Diagnostic::about(Level::Error, Some(name.to_owned()), message));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
        let file = sources.add(name, text);
        let span = Span::at(file, sources.get(file).position(valid));
        Diagnostic::at(Level::Error, span, "not UTF-8 from here on; save the file as UTF-8")
    })
}

/// A file's text, for a first look: whatever is wrong with it is told when it is read for good.
pub(super) fn text(path: &Path, stdin: Option<&[u8]>) -> std::io::Result<String> {
    let bytes = bytes(path, stdin)?;
    String::from_utf8(bytes).map_err(|_| std::io::ErrorKind::InvalidData.into())
}

fn bytes(path: &Path, stdin: Option<&[u8]>) -> std::io::Result<Vec<u8>> {
    if let Some(bytes) = stdin.filter(|_| path == Path::new("-")) {
        return Ok(bytes.to_vec());
    }
    let mut bytes = Vec::new();
    // One byte more than is allowed tells a file that is too large from one that just fits.
    File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
