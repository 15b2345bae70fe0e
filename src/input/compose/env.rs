//! A service's environment: `environment` over its `env_file`s (Compose spec, "env_file": priority). May use `text` and
//! `model`.

use std::collections::BTreeMap;
use std::path::Path;

use super::field::{of_scalar, pairs, value};
use super::interpolate::Variables;
use super::tree::{as_text, written};
use super::{Context, Mode, Project, dotenv, read};
use crate::model::{Diagnostic, EnvValue, EnvVar, Level, MistakenPart, Unseen, Value};
use crate::text::yaml::Node;
use crate::text::{Pos, ReadError, Sources, Span};

/// How much text the `env_file`s and `label_file`s of a project may have, in bytes, each as often as it is used.
const MAX_TOTAL: usize = 16 * 1024 * 1024;
/// What a variable costs besides its text.
const VARIABLE: usize = 64;

/// What a service's files are read with, and what is told of them.
pub(super) struct Reading<'a> {
    pub(super) project: &'a Project,
    pub(super) context: &'a Context,
    pub(super) sources: &'a Sources,
    pub(super) told: Vec<Diagnostic>,
    /// What of the service being read could not be looked at.
    pub(super) unseen: Vec<Unseen>,
    /// The parts that are wrong, or not known.
    pub(super) mistakes: Vec<MistakenPart>,
    /// The `env_file`s of the service being read that are not there.
    pub(super) missing: Vec<Unseen>,
    /// How much text of further files may come.
    left: usize,
}

/// The project's variables over the service's own.
struct Around<'a> {
    project: &'a BTreeMap<String, String>,
    service: &'a BTreeMap<String, String>,
}

impl Variables for Around<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.project.get(name).or_else(|| self.service.get(name)).map(String::as_str)
    }
}

impl<'a> Reading<'a> {
    pub(super) fn new(project: &'a Project, context: &'a Context, sources: &'a Sources) -> Self {
        Self {
            project,
            context,
            sources,
            told: Vec::new(),
            unseen: Vec::new(),
            mistakes: Vec::new(),
            missing: Vec::new(),
            left: MAX_TOTAL,
        }
    }

    /// The variables of a service. Those of files are located where the file is named: what is in it may be secret.
    pub(super) fn environment(&mut self, service: &Node) -> BTreeMap<String, EnvVar> {
        let written = service.get("environment").map(|node| self.variables(node)).unwrap_or_default();
        let Some(files) = service.get("env_file").and_then(|files| files.as_seq()) else { return written };
        let known: BTreeMap<String, String> =
            written.iter().filter_map(|(name, variable)| known(name, variable)).collect();
        let mut own = known.clone();
        let mut variables = BTreeMap::new();
        for item in files {
            let before = own.clone();
            let around = Around { project: &self.project.variables, service: &known };
            self.read_file(item, &mut own, &around);
            let fresh = own.iter().filter(|(name, text)| before.get(*name) != Some(*text));
            let variable = |text: &String| EnvVar::new(EnvValue::set(Value::known(text.clone(), None)), item.span);
            variables.extend(fresh.map(|(name, text)| (name.clone(), variable(text))));
        }
        variables.extend(written);
        variables
    }

    /// Reads one file into `own`, if what is read so far leaves room for more.
    fn read_file(&mut self, item: &Node, own: &mut BTreeMap<String, String>, around: &dyn Variables) {
        let parsed = if self.left == 0 {
            let what = "its env_file was not read, since those of the project are too large together";
            let level = if self.project.mode == Mode::Strict { Level::Error } else { Level::Gap };
            let told = Diagnostic::at(level, item.span, format!("{what} (16 MiB, each as often as it is used)"));
            let unseen = Some(Unseen { what: what.to_owned(), span: item.span });
            Err(Box::new(EnvFileProblem { told, unseen, is_absent: false }))
        } else {
            let parsed = read_file(self.project, self.context, self.sources, item, own, around);
            let cost = own.iter().map(|(name, text)| name.len() + text.len() + VARIABLE).sum();
            self.left = self.left.saturating_sub(cost);
            parsed
        };
        if let Err(problem) = parsed {
            self.told.push(problem.told);
            if problem.is_absent { &mut self.missing } else { &mut self.unseen }.extend(problem.unseen);
        }
    }

    /// Names with values, where a name alone is taken from where Compose runs.
    pub(super) fn variables(&mut self, node: &Node) -> BTreeMap<String, EnvVar> {
        let mut variables = BTreeMap::new();
        for pair in pairs(node, &mut self.told) {
            let outer = || self.project.variables.get(&pair.name).map(|text| Value::known(text.clone(), None));
            let value = match pair.value {
                Some(scalar) => Some(of_scalar(&scalar, pair.value_span)),
                None => outer(),
            };
            let value = value.map_or(EnvValue::Inherited, EnvValue::set);
            variables.insert(pair.name, EnvVar::new(value, pair.name_span));
        }
        variables
    }

    /// Labels of a service's `label_file`s, a later file over an earlier one.
    pub(super) fn label_files(&mut self, service: &Node) -> BTreeMap<String, (String, Span)> {
        let mut labels = BTreeMap::new();
        let before = self.missing.len();
        for item in service.get("label_file").and_then(|files| files.as_seq()).unwrap_or_default() {
            // A file may build on the labels of those before it.
            let known: BTreeMap<String, String> = labels
                .iter()
                .map(|(name, (text, _)): (&String, &(String, Span))| (name.clone(), text.clone()))
                .collect();
            let mut own = BTreeMap::new();
            self.read_file(item, &mut own, &known);
            labels.extend(own.into_iter().map(|(name, text)| (name, (text, item.span))));
        }
        // A label may declare anything.
        self.unseen.extend(self.missing.drain(before..));
        labels
    }
}

fn known(name: &str, variable: &EnvVar) -> Option<(String, String)> {
    match &variable.value {
        EnvValue::Set(value) if !value.is_symbolic() => Some((name.to_owned(), value.text.clone())),
        _ => None,
    }
}

/// Why a file is not read.
struct EnvFileProblem {
    told: Diagnostic,
    unseen: Option<Unseen>,
    /// Whether the file is not there, as files of secrets often are not where a review runs.
    is_absent: bool,
}

/// Reads one file into `own`.
fn read_file(
    project: &Project,
    context: &Context,
    sources: &Sources,
    item: &Node,
    own: &mut BTreeMap<String, String>,
    around: &dyn Variables,
) -> Result<(), Box<EnvFileProblem>> {
    let Some(path) = value(item).or_else(|| item.get("path").and_then(|node| value(node))) else { return Ok(()) };
    let required = item.get("required").and_then(|node| written(node)).is_none_or(|required| required != "false");
    let strict = project.mode == Mode::Strict;
    let problem = |level: Level, span: Span, message: String, unseen: Option<&str>| {
        let unseen = unseen.map(|what| Unseen { what: what.to_owned(), span: item.span });
        Box::new(EnvFileProblem { told: Diagnostic::at(level, span, message), unseen, is_absent: false })
    };
    if path.is_symbolic() {
        let what = "which env_file this is depends on a variable that is not set";
        return Err(problem(Level::Gap, item.span, format!("{what}; what it sets is not judged"), Some(what)));
    }
    let file = context.cwd.join(&path.text);
    let is_absent = || sources.reader().kind(&file) == Err(ReadError::Absent);
    if !required && is_absent() {
        let message = "this optional env_file is not here; what it would set elsewhere is not judged";
        return Err(problem(Level::Warning, item.span, message.to_owned(), None));
    }
    let shown = path.shown.path(&path.text);
    let shown = Path::new(&*shown);
    let shown = context.name(shown).display().to_string();
    let not_read = format!("its env_file {shown} was not read");
    let (id, text) = read::read(sources, &file, &shown).map_err(|diagnostic| {
        // Secrets are often not where a review runs, so the rest is judged; only a service that may have a state
        // directory is not judged as if nothing were missing.
        let kind = sources.reader().kind(&file);
        let level = match kind {
            _ if strict => Level::Error,
            Err(ReadError::Absent | ReadError::Outside { .. }) => Level::Warning,
            _ => Level::Gap,
        };
        let message = format!("the env_file {shown} is not read: {}", diagnostic.message);
        let is_absent = kind == Err(ReadError::Absent);
        Box::new(EnvFileProblem { is_absent, ..*problem(level, item.span, message, Some(&not_read)) })
    })?;
    let format = item.get("format").and_then(|format| as_text(format)).filter(|format| !format.is_empty());
    let parsed = match format {
        None | Some(".env") => dotenv::parse(&text, own, around),
        Some("raw") => dotenv::parse_raw(&text, own, around),
        Some(_) => {
            let message = "this format of env_file is not known; it is `raw` or none".to_owned();
            return Err(problem(Level::Error, item.span, message, Some(&not_read)));
        }
    };
    parsed.map_err(|bad| {
        let pos = Pos { line: u32::try_from(bad.line).unwrap_or(1), column: 1 };
        let message = format!("{}; nothing from here on is used", bad.message);
        problem(Level::Error, Span::at(id, pos), message, Some(&not_read))
    })
}
