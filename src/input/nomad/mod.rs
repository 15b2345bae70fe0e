//! Jobs of Nomad, in HCL and JSON: each task of an engine's driver is a container, on whichever host of the cluster Nomad
//! puts it. Uses `project`, `script`'s host, `local_volume` and `model`.
//!
//! ```text
//! hcl_text, job_json  a file -> stanzas;  stanza: the tree of them
//! evaluate            what expressions are worth;  hcl_value: the values;  functions: those of HCL
//! job                 a job -> its groups;  task: a task -> a container;  job_scope: what both are read with
//! mounts              what a task mounts;  task_templates: what templates give
//! host_volumes        what a client's configuration says of volumes
//! ```

mod evaluate;
mod functions;
mod hcl_text;
mod hcl_value;
mod host_volumes;
mod job;
mod job_json;
mod job_scope;
mod mounts;
mod stanza;
mod task;
mod task_templates;
#[cfg(test)]
mod tests;

use std::path::Path;

use evaluate::Scope;
pub use hcl_text::hcl_comments;
pub(super) use host_volumes::{HostVolume, join_host_volumes};
use job::{HostCommand, JobReader};
use stanza::Stanza;

use super::docker_cli::DockerCommand;
use super::project::Repository;
use super::script;
use super::start_words::names_engine;
use super::{CandidateFile, FoundInput, InputKind, LoadContext, Piece, UnreadWeight};
use crate::model::{Diagnostic, Level};
use crate::text::{FileId, Span, Syntax, json};

/// The largest file that is read, in bytes.
const MAX_BYTES: u64 = 256 * 1024;
/// How much of a file of JSON tells whether it is a job, in bytes.
const JSON_START: u64 = 64;

/// Jobs, and what clients' configurations say of the volumes that they mount.
#[derive(Debug)]
pub(super) struct NomadKind;

impl InputKind for NomadKind {
    fn name(&self) -> &'static str {
        "nomad"
    }

    fn looks_like(&self, file: &CandidateFile<'_>) -> bool {
        match file.ending() {
            Some("nomad") => true,
            Some("hcl" | "job") => has_stanza(file.beginning(), "job") || describes_host_volumes(file.beginning()),
            Some("json") => has_job_start(file),
            _ => false,
        }
    }

    fn weigh_text(&self, text: &str, context: &LoadContext<'_>) -> UnreadWeight {
        let is_job = text.trim_start().starts_with('{') || has_stanza(text, "job");
        match (names_engine(text), context.names_program(text)) {
            // Which volumes are one directory is said there alone.
            (_, true) if !is_job && describes_host_volumes(text) => UnreadWeight::Named,
            _ if !is_job => UnreadWeight::Nothing,
            (true, true) => UnreadWeight::Counts,
            (true, false) | (false, true) => UnreadWeight::Named,
            (false, false) => UnreadWeight::Nothing,
        }
    }

    fn runs_built_images(&self) -> bool {
        true
    }

    fn load(&self, input: &FoundInput, context: &LoadContext<'_>, repository: &Repository<'_>) -> Piece {
        let mut piece = Piece { is_one_by_name: true, ..Piece::default() };
        for file in &input.files {
            let path = repository.cwd.join(file);
            match context.sources.reader().read_text(&path, MAX_BYTES) {
                Ok(text) => self.add_text(&text, &path, input.is_typed(), context, repository, &mut piece),
                Err(error) => {
                    let shown = repository.shown(&path);
                    let level = if input.is_typed() { Level::Error } else { Level::Warning };
                    let message = format!("this job of Nomad was not read: {error}");
                    piece.layout.diagnostics.push(Diagnostic::about(level, Some(shown.clone()), message));
                    // What cannot be looked at may name anything.
                    piece.add_not_judged(shown, self, format!("it cannot be read: {error}"), true);
                }
            }
            piece.files.push(path);
        }
        piece
    }
}

impl NomadKind {
    pub(super) fn add_text(
        &self,
        text: &str,
        path: &Path,
        is_typed: bool,
        context: &LoadContext<'_>,
        repository: &Repository<'_>,
        piece: &mut Piece,
    ) {
        let shown = repository.shown(path);
        let level = if is_typed { Level::Error } else { Level::Warning };
        let is_json = path.extension().is_some_and(|ending| ending == "json") || text.trim_start().starts_with('{');
        let syntax = if is_json { Syntax::Json } else { Syntax::Hcl };
        let file = context.sources.add_written(shown.as_str(), text, syntax);
        let top = match read_stanzas(file, text, is_json) {
            Ok(top) => top,
            Err((message, span)) => {
                let weight = self.weigh_text(text, context);
                if is_typed || weight != UnreadWeight::Nothing {
                    piece.add_not_judged(shown, self, message.clone(), weight == UnreadWeight::Counts);
                    piece.layout.diagnostics.push(Diagnostic::at(level, span, message));
                }
                return;
            }
        };
        let scope = || Scope::new(repository.environment, repository.shows_values, context.sources);
        piece.host_volumes.extend(host_volumes::read_host_volumes(&top, &scope()));
        if top.first("job").is_none() {
            if is_typed {
                let message = "there is no job in it".to_owned();
                piece.layout.diagnostics.push(Diagnostic::at(Level::Warning, top.kind_span, message.clone()));
                piece.add_judged(shown, self);
            }
            return;
        }
        let reader = JobReader::new(&top, scope(), context.sources.get(file), context.programs);
        let mut read = reader.read_all(&top);
        let mut starts = false;
        for run in std::mem::take(&mut read.host_commands) {
            starts |= add_host_command(&run, &mut read.faults, repository, piece);
        }
        let has_containers = starts || !read.containers.is_empty();
        piece.layout.containers.append(&mut read.containers);
        let Some(first) = read.faults.first() else {
            if is_typed || has_containers {
                piece.add_judged(shown, self);
            }
            return;
        };
        let counts = read.faults.iter().any(|fault| fault.counts);
        piece.add_not_judged(shown, self, first.what.clone(), counts);
        let told = read.faults.iter().map(|fault| Diagnostic::at(level, fault.span, fault.what.clone()));
        piece.layout.diagnostics.extend(told);
    }
}

/// The stanzas of a text, or why there are none.
fn read_stanzas(file: FileId, text: &str, is_json: bool) -> Result<Stanza, (String, Span)> {
    if !is_json {
        return hcl_text::parse(file, text).map_err(|error| (error.message, error.span));
    }
    let root = json::parse(file, text).map_err(|error| (error.message, error.span))?;
    let top = job_json::read_json(&root);
    top.ok_or_else(|| ("there is no job in it".to_owned(), Span { end: root.span.start, ..root.span }))
}

/// Adds what a task starts on the host itself; whether it does.
fn add_host_command(
    run: &HostCommand,
    faults: &mut Vec<job::Fault>,
    repository: &Repository<'_>,
    piece: &mut Piece,
) -> bool {
    // Nomad runs it in a directory of the task.
    let (script, started) = script::run_on_host(&run.command, Path::new("/"), repository);
    let is_start = started.iter().any(|start| !matches!(start.command, DockerCommand::Existing(_)));
    let is_program = |call: &crate::model::Invocation| {
        let name = crate::model::program_name(call);
        repository.programs.commands.iter().any(|command| command == name)
    };
    let what = match &script.unseen {
        _ if script.invocations.iter().any(is_program) => Some("it runs a known program".to_owned()),
        Some(unseen) if run.names_program => Some(unseen.clone()),
        _ => None,
    };
    if let Some(what) = what {
        let what = format!("its task {} runs on the host itself: {what}", run.name);
        faults.push(job::Fault { what, span: run.command.span, counts: true });
    }
    script::add_started_on_host(&script, started, None, repository, piece);
    is_start
}

/// Whether a text of HCL has a stanza of a kind at its top.
fn has_stanza(text: &str, kind: &str) -> bool {
    text.trim_start_matches('\u{feff}').lines().any(|line| {
        let rest = line.strip_prefix(kind).filter(|rest| rest.starts_with([' ', '\t', '"', '{']));
        rest.is_some_and(|rest| rest.contains('{'))
    })
}

/// Whether a text of HCL is a client's configuration that describes volumes.
fn describes_host_volumes(text: &str) -> bool {
    has_stanza(text, "client") && text.contains("host_volume")
}

/// Whether a file of JSON begins with a job.
fn has_job_start(file: &CandidateFile<'_>) -> bool {
    if file.name().ends_with(".nomad.json") {
        return true;
    }
    let start = file.reader.read_start(file.path, JSON_START).unwrap_or_default();
    let start = String::from_utf8_lossy(&start);
    let key = start.trim_start_matches('\u{feff}').trim_start().strip_prefix('{').map(str::trim_start);
    let is_job = key.is_some_and(|key| {
        let rest = key.strip_prefix("\"Job\"").or_else(|| key.strip_prefix("\"job\""));
        rest.is_some_and(|rest| {
            rest.trim_start().strip_prefix(':').is_some_and(|rest| rest.trim_start().starts_with('{'))
        })
    });
    is_job && ["TaskGroups", "\"group\""].iter().any(|key| file.beginning().contains(key))
}
