//! Where the result goes: standard output and files, each in a format of its own. May use everything but `main`.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::bail;

use super::write;
use crate::cli;
use crate::render::{self, Format, Given, Style};
use crate::triage::ExitStatus;

/// What was asked for.
pub(super) struct Outputs {
    printed: Option<Format>,
    files: Vec<(Format, PathBuf)>,
    /// Whether nothing is printed, diagnostics neither.
    silent: bool,
}

impl Outputs {
    /// What the arguments mean.
    ///
    /// # Errors
    /// Two formats for one place.
    pub(super) fn of(output: &cli::Output, directory: &Path) -> anyhow::Result<Self> {
        if output.output.is_empty() {
            return Ok(Self { printed: Some(output.format), files: Vec::new(), silent: false });
        }
        let mut outputs = Self { printed: None, files: Vec::new(), silent: false };
        let mut seen = BTreeSet::new();
        for one in &output.output {
            let Some(file) = &one.file else {
                if outputs.printed.replace(one.format).is_some() {
                    bail!("only one --output can be printed; give the others a file: --output FORMAT=FILE");
                }
                continue;
            };
            let file = directory.join(file);
            if !seen.insert(fs::canonicalize(&file).unwrap_or_else(|_| file.clone())) {
                bail!("two --output have the same file, {}; give each its own", file.display());
            }
            outputs.files.push((one.format, file));
        }
        Ok(outputs)
    }

    /// The same without anything that is printed.
    pub(super) fn silent(self) -> Self {
        Self { silent: true, ..self }
    }

    /// Prints and writes everything. What could not be written is told, after the rest.
    pub(super) fn write(
        &self,
        given: &Given<'_>,
        style: Style,
        out: &mut dyn Write,
        err: &mut dyn Write,
    ) -> anyhow::Result<ExitStatus> {
        if let Some(format) = self.printed.filter(|_| !self.silent) {
            render::render(given, format, style, out)?;
        }
        let in_file = |format| self.files.iter().any(|(one, _)| *one == format);
        if !self.silent && (matches!(self.printed, None | Some(Format::Text)) || in_file(Format::Text)) {
            render::diagnostics(&given.report.diagnostics, given.sources, err)?;
        }
        let mut status = given.status;
        for (format, file) in &self.files {
            let mut text = Vec::new();
            render::render(given, *format, Style { colour: false, width: None }, &mut text)?;
            if let Err(error) = write::put(file, &text) {
                let what = format!("cannot write {}: {error}", file.display());
                let hint = "the directory must exist, and you must be allowed to write there";
                writeln!(err, "overlock: {}; {hint}", render::safe(&what))?;
                status = ExitStatus::Unusable;
            }
        }
        Ok(status)
    }
}
