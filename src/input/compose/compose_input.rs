//! Compose projects as a kind of input. Uses `content`, `search`, `project` and `service`.

use std::path::{Path, PathBuf};

use super::content::find_content;
use super::project::ProjectFile;
use super::search::find_projects;
use super::{Options, Project, is_default_name, layout, load_project};
use crate::input::project::{DescribedProject, Repository};
use crate::input::{CandidateFile, FoundBy, FoundInput, InputKind, LoadContext, Piece, SearchedDirectory};
use crate::model::{Dialect, HandedVariables, Layout, Level, Segment, Template};
use crate::text::{Sources, Span};

/// Compose projects: their default files, what looks like one, and what a person names that is nothing else.
#[derive(Debug)]
pub struct ComposeKind;

impl ComposeKind {
    /// The kind's name.
    pub const NAME: &str = "compose";
}

impl InputKind for ComposeKind {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn looks_like(&self, file: &CandidateFile<'_>) -> bool {
        is_default_name(file.name()) || find_content(file).is_some()
    }

    fn group_files(&self, searched: &SearchedDirectory<'_>, files: Vec<FoundInput>) -> Vec<FoundInput> {
        find_projects(&Self, searched, files)
    }

    fn inputs_per_thread(&self) -> usize {
        8
    }

    fn load(&self, input: &FoundInput, context: &LoadContext<'_>, _: &Repository<'_>) -> Piece {
        let loaded = load_project(context.sources, context.surroundings, &options_of(input, context.compose));
        let mut unusable = None;
        let mut described = None;
        let layout = match loaded.project {
            Ok(project) => {
                described = Some(describe_project(&project, input));
                layout(&project, context.surroundings, context.sources)
            }
            Err(diagnostics) => {
                unusable = diagnostics.first().map(|first| first.message.clone());
                Layout { diagnostics, ..Layout::default() }
            }
        };
        let mut piece = Piece { layout, project: described, ..Piece::default() };
        name_setting_scripts(&mut piece.layout, &handed_of(input), context.sources);
        let has_template = |file: &ProjectFile| file.fault.is_some() && file.text.as_deref().is_some_and(is_template);
        // What fills it in makes a compose file of it: that it is none yet is no mistake of anybody's.
        let is_filled_in = !input.is_typed() && loaded.files.iter().any(has_template);
        if input.found_by == FoundBy::Content || is_filled_in {
            lower_levels(&mut piece.layout);
        } else {
            // That is told as an error.
            unusable = None;
        }
        for ProjectFile { path, mut shown, text, fault } in loaded.files {
            if let Some(written) = input.written.as_ref().filter(|written| written.path == path) {
                shown = format!("{shown}, written by {}", written.place);
            }
            let is_template = is_filled_in && fault.is_some() && text.as_deref().is_some_and(is_template);
            let fault = if is_template { Some(TEMPLATE.to_owned()) } else { fault };
            match fault.or_else(|| unusable.clone()) {
                None => piece.add_judged(shown, self),
                Some(reason) => {
                    // What cannot be looked at may name anything.
                    let counts = text.is_none_or(|text| context.names_program(&text));
                    piece.add_not_judged(shown, self, reason, counts);
                }
            }
            piece.files.push(path);
        }
        if let Some(project) = &mut piece.project {
            let reader = context.sources.reader();
            let own = if input.files.is_empty() { piece.files.as_slice() } else { input.files.as_slice() };
            let paths = own.iter().map(|file| context.surroundings.cwd.join(file));
            project.files = paths.map(|path| reader.real_path(&path).unwrap_or(path)).collect();
            let directory = std::mem::take(&mut project.directory);
            project.directory = reader.real_path(&directory).unwrap_or(directory);
        }
        piece
    }
}

/// Why a template is not judged.
const TEMPLATE: &str = "it is a template that another program fills in";

/// Whether a text has the brackets in it that programs put values into.
fn is_template(text: &str) -> bool {
    text.lines().any(|line| line.split_once("{{").is_some_and(|(_, rest)| rest.contains("}}")))
}

/// Says of each mount that is written with a variable of a script where the script sets it.
fn name_setting_scripts(layout: &mut Layout, handed: &HandedVariables, sources: &Sources) {
    let known: Vec<(&String, Span)> = handed.known().filter_map(|(name, value)| Some((name, value.span?))).collect();
    if known.is_empty() {
        return;
    }
    for mount in layout.containers.iter_mut().flat_map(|container| &mut container.mounts) {
        let source = sources.get(mount.span.file);
        let Ok(written) = Template::parse(source.slice(mount.span), Dialect::COMPOSE) else { continue };
        let uses = |name: &str| {
            written.segments.iter().any(|part| matches!(part, Segment::Variable(used) if used.name == name))
        };
        let set = known.iter().find(|(name, _)| uses(name));
        mount.set_by_script = set.map(|(name, span)| {
            let script = sources.get(span.file);
            format!("{name} is set at {}:{}", script.name(), span.start.line)
        });
    }
}

/// What is wrong in a file that may be no compose file at all is told, and decides nothing. Where a service was not seen
/// whole, it says so itself, and a file of which nothing was read is not judged.
fn lower_levels(layout: &mut Layout) {
    for diagnostic in &mut layout.diagnostics {
        diagnostic.level = Level::Warning;
    }
}

/// What commands may call a project by, but for its files.
fn describe_project(project: &Project, input: &FoundInput) -> DescribedProject {
    let first = input.files.first().and_then(|file| file.file_name()).and_then(|name| name.to_str());
    DescribedProject {
        key: project.name.clone(),
        name: project.name.clone(),
        directory: PathBuf::from(&project.directory),
        files: Vec::new(),
        is_found: input.found_by == FoundBy::Name && input.called.as_ref().is_none_or(|called| called.files.is_empty())
            || first.is_none_or(is_default_name),
        is_renamed: input.called.as_ref().is_some_and(|called| called.name.is_some()),
        handed: vec![handed_of(input)],
        called_at: input.called.as_ref().map(|called| called.place.clone()),
        variant: None,
    }
}

/// The options of one project: its files, and what the command line says of all.
fn options_of(input: &FoundInput, typed: &Options) -> Options {
    let called = input.called.as_ref();
    let is_stdin = |file: &Path| file == Path::new("-");
    Options {
        files: input.files.clone(),
        runs_in: input.directory.clone(),
        project_name: typed.project_name.clone().or_else(|| called?.name.clone()),
        project_directory: typed.project_directory.clone().or_else(|| called?.directory.clone()),
        env_files: match called {
            Some(called) if typed.env_files.is_empty() => called.env_files.clone(),
            _ => typed.env_files.clone(),
        },
        are_env_files_of_a_command: typed.env_files.is_empty(),
        profiles: typed.profiles.clone(),
        stdin: typed.stdin.as_ref().filter(|_| input.files.iter().any(|file| is_stdin(file))).cloned(),
        written: input.written.clone(),
        mode: typed.mode,
        handed: handed_of(input),
    }
}

/// The variables that a command hands the project.
fn handed_of(input: &FoundInput) -> HandedVariables {
    let called = input.called.as_ref().and_then(|called| called.variables.clone()).unwrap_or_default();
    match &input.written {
        Some(written) => called.with(&written.variables),
        None => called,
    }
}
