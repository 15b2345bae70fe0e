//! What brings programs into a container beside the commands of its build: other stages, files that its build puts where
//! programs are, what it installs by lists when it starts, and modules that its code imports. Uses `build_commands`,
//! `code_imports`, `planned_files`, `required_packages` and `source::dockerfile`.

use std::collections::BTreeSet;

use super::build_commands::{BuildCommands, copied_stages};
use super::code_imports::imports_of;
use super::planned_files::PlannedFiles;
use super::required_packages::listed_at_start;
use crate::input::dockerfile::{Image, PlacedOrigin};
use crate::input::shell::file_system::Lookup;
use crate::model::{PlacedProgram, ProgramSources, USUAL_PATH, join, parent_and_name, split_search_path};

/// Places of a program that are looked at.
const MOST_PATHS: usize = 100;

/// What brings programs into a container, of which the script is known. `own` are the commands of its image's build.
pub(super) fn program_sources(files: &PlannedFiles<'_>, own: &BuildCommands) -> ProgramSources {
    let mut found = ProgramSources { unread_lists: own.unread_lists.clone(), ..ProgramSources::default() };
    if let Some(image) = &files.image {
        found.stages = copied_stages(image, own, files.repository);
        add_placed_programs(image, own, files, &mut found);
    }
    for call in &files.container.script.invocations {
        let Some(listed) = listed_at_start(call, files) else { continue };
        found.unread_lists.extend(listed.unread);
        found.listed_at_start.extend((listed.call.argv.len() > call.argv.len()).then_some(listed.call));
    }
    found.imports = imports_of(files);
    found
}

/// Adds the files that a build puts where programs are looked for, and tells scripts that can be read from others.
fn add_placed_programs(image: &Image, own: &BuildCommands, files: &PlannedFiles<'_>, found: &mut ProgramSources) {
    let repository = files.repository;
    for path in program_paths(files).into_iter().take(MOST_PATHS) {
        let Some(placed) = image.placed_file(&path, repository.sources) else { continue };
        let why = match placed.origin {
            PlacedOrigin::Text => None,
            PlacedOrigin::Unknown(why) => Some(why),
            PlacedOrigin::File(file) => match repository.open_copied(&file) {
                Lookup::Text(text) if is_script(repository.sources.get(text).text()) => None,
                _ => Some(format!("{} is put there, which is no script", repository.shown(&file))),
            },
        };
        let commands_before = own.before(placed.step);
        match why {
            Some(why) => found.placed.push(PlacedProgram { path, why, commands_before, span: placed.span }),
            None => found.scripts.push(path),
        }
    }
}

/// Whether a text is a script that is started by its name.
fn is_script(text: &str) -> bool {
    text.starts_with("#!") || text.contains("\"$@\"")
}

/// Where a program of a known name would be found: in the directories of `PATH`, and at the paths that calls name.
fn program_paths(files: &PlannedFiles<'_>) -> BTreeSet<String> {
    let container = files.container;
    let commands = &files.repository.programs.commands;
    let usual = split_search_path(USUAL_PATH, "");
    let directories = usual.into_iter().chain(split_search_path(container.search_path(), ""));
    let searched: Vec<String> = directories
        .flat_map(|directory| commands.iter().map(|command| join(&directory, command)).collect::<Vec<_>>())
        .collect();
    let called = container.script.invocations.iter().filter_map(|call| call.argv.first()?.known());
    let is_own = |path: &&str| parent_and_name(path).is_some_and(|(_, name)| commands.iter().any(|own| own == name));
    let called = called.filter(|path| path.starts_with('/')).filter(is_own).map(|path| join("/", path));
    called.chain(searched).collect()
}
