//! Where the result goes: standard output and files, each in a format of its own. May use everything but `main`.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::bail;

use crate::cli;
use crate::render::{self, Detail, Format, Given, Style};
use crate::report::ExitStatus;
use crate::text::writer;

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
            if !seen.insert(real_name(&file)) {
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
        if !self.silent {
            self.tell_beside(given, style, err)?;
        }
        let mut status = given.status;
        for (format, file) in &self.files {
            let mut text = Vec::new();
            render::render(given, *format, Style { colour: false, width: None, detail: Detail::Normal }, &mut text)?;
            // By the stream itself: opened again, a file that it goes to would be written from its start.
            if is_stream(file, "stdout", 1) {
                out.write_all(&text)?;
            } else if is_stream(file, "stderr", 2) {
                err.write_all(&text)?;
            } else if let Err(error) = writer::write(file, &text) {
                let what = format!("cannot write {}: {}", file.display(), writer::failure(&error));
                writeln!(err, "overlock: {}", render::safe(&what))?;
                status = ExitStatus::Unusable;
            }
        }
        Ok(status)
    }

    /// Tells on standard error what is not in what is printed: what was wrong with the input, and why a run that says no
    /// more did not end with 0.
    fn tell_beside(&self, given: &Given<'_>, style: Style, err: &mut dyn Write) -> anyhow::Result<()> {
        let in_file = |format| self.files.iter().any(|(one, _)| *one == format);
        let lacks_input = matches!(self.printed, None | Some(Format::Text | Format::Concise | Format::Prometheus));
        if lacks_input || in_file(Format::Text) {
            // Beside lines for programs stands what takes something away from them alone.
            let is_for_people =
                matches!(self.printed, None | Some(Format::Text | Format::Concise)) || in_file(Format::Text);
            let detail = if is_for_people { style.detail } else { Detail::Quiet };
            render::diagnostics(render::told_diagnostics(given.report, detail), given.sources, err)?;
        }
        // A file that is a stream of this run is read as what is printed.
        let is_printed = |file: &Path| is_stream(file, "stdout", 1) || is_stream(file, "stderr", 2);
        let streamed = self.files.iter().find(|(_, file)| is_printed(file)).map(|(format, _)| *format);
        if let Some(reason) = render::unsaid_reason(given, self.printed.or(streamed), style.detail) {
            writeln!(err, "overlock: {}", render::safe(&reason))?;
        }
        Ok(())
    }
}

/// The file's own name in its real directory: it is replaced there, wherever a link of that name leads.
fn real_name(file: &Path) -> PathBuf {
    let (Some(directory), Some(name)) = (file.parent(), file.file_name()) else { return file.to_owned() };
    fs::canonicalize(directory).map_or_else(|_| file.to_owned(), |real| real.join(name))
}

/// Whether a path is one of the names of a standard stream.
fn is_stream(file: &Path, name: &str, number: u8) -> bool {
    let is = |known: String| file == Path::new(&known);
    is(format!("/dev/{name}")) || is(format!("/dev/fd/{number}")) || is(format!("/proc/self/fd/{number}"))
}
