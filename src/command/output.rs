//! Where the result goes: standard output and files, each in a format of its own. May use everything but `main`.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::bail;

use crate::cli;
use crate::render::{self, Format, Given, Style};
use crate::triage::ExitStatus;

/// How often another name is tried for a file that is made for the moment.
const NAMES: u32 = 16;

/// What was asked for.
pub(super) struct Outputs {
    printed: Option<Format>,
    files: Vec<(Format, PathBuf)>,
}

impl Outputs {
    /// What the arguments mean.
    ///
    /// # Errors
    /// Two formats for one place.
    pub(super) fn of(output: &cli::Output, directory: &Path) -> anyhow::Result<Self> {
        if output.output.is_empty() {
            return Ok(Self { printed: Some(format(output.format)), files: Vec::new() });
        }
        let mut outputs = Self { printed: None, files: Vec::new() };
        let mut seen = BTreeSet::new();
        for one in &output.output {
            let Some(file) = &one.file else {
                if outputs.printed.replace(format(one.format)).is_some() {
                    bail!("only one --output can be printed; give the others a file: --output FORMAT=FILE");
                }
                continue;
            };
            let file = directory.join(file);
            if !seen.insert(fs::canonicalize(&file).unwrap_or_else(|_| file.clone())) {
                bail!("two --output have the same file, {}; give each its own", file.display());
            }
            outputs.files.push((format(one.format), file));
        }
        Ok(outputs)
    }

    /// Prints and writes everything. What could not be written is told, after the rest.
    pub(super) fn write(
        &self,
        given: &Given<'_>,
        style: Style,
        out: &mut dyn Write,
        err: &mut dyn Write,
    ) -> anyhow::Result<ExitStatus> {
        if let Some(format) = self.printed {
            render::render(given, format, style, out)?;
        }
        let in_file = |format| self.files.iter().any(|(one, _)| *one == format);
        if matches!(self.printed, None | Some(Format::Text)) || in_file(Format::Text) {
            render::diagnostics(&given.report.diagnostics, given.sources, err)?;
        }
        let mut status = given.status;
        for (format, file) in &self.files {
            let mut text = Vec::new();
            render::render(given, *format, Style { colour: false, width: None }, &mut text)?;
            if let Err(error) = replace(file, &text) {
                let what = format!("cannot write {}: {error}", file.display());
                let hint = "the directory must exist, and you must be allowed to write there";
                writeln!(err, "overlock: {}; {hint}", render::safe(&what))?;
                status = ExitStatus::Unusable;
            }
        }
        Ok(status)
    }
}

/// The renderer's name for a format.
fn format(format: cli::Format) -> Format {
    match format {
        cli::Format::Text => Format::Text,
        cli::Format::Json => Format::Json,
        cli::Format::Sarif => Format::Sarif,
        cli::Format::Github => Format::Github,
        cli::Format::Gitlab => Format::Gitlab,
        cli::Format::Junit => Format::Junit,
        cli::Format::Markdown => Format::Markdown,
    }
}

/// Puts a file in place whole, or leaves what was there: whoever reads it never sees half of it.
pub(super) fn replace(file: &Path, text: &[u8]) -> io::Result<()> {
    // A link stays a link: what it leads to is replaced.
    let target = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let before = fs::metadata(&target).ok();
    if before.as_ref().is_some_and(|before| !before.is_file()) {
        // A device or a pipe is written to: another file in its place would be of no use to anybody.
        return fs::OpenOptions::new().write(true).open(&target)?.write_all(text);
    }
    let (temporary, mut opened) = beside(&target)?;
    let written = opened.write_all(text).and_then(|()| match before {
        Some(before) => opened.set_permissions(before.permissions()),
        None => Ok(()),
    });
    drop(opened);
    let placed = written.and_then(|()| fs::rename(&temporary, &target));
    if placed.is_err() {
        // What went wrong is told; that nothing is left behind is all there is to add.
        let _ = fs::remove_file(&temporary);
    }
    placed
}

/// A new file in the same directory.
fn beside(target: &Path) -> io::Result<(PathBuf, File)> {
    let name = target.file_name().ok_or(io::ErrorKind::IsADirectory)?.to_string_lossy();
    let mut last = io::Error::from(io::ErrorKind::AlreadyExists);
    for number in 0..NAMES {
        let path = target.with_file_name(format!(".{name}.{}-{number}.tmp", std::process::id()));
        match File::create_new(&path) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => last = error,
            Err(error) => return Err(error),
        }
    }
    Err(last)
}
