//! What brings programs into a container beside the commands of its build: other stages, files that its build puts where
//! programs are, what it installs by lists when it starts, and modules that its code imports. Uses `build_commands`,
//! `planned_files`, `required_packages` and `source::dockerfile`.

use std::collections::BTreeSet;

use super::build_commands::{BuildCommands, copied_stages};
use super::planned_files::PlannedFiles;
use super::required_packages::listed_at_start;
use crate::input::dockerfile::{Image, PlacedOrigin};
use crate::input::package_manifest::PackageManifest;
use crate::input::shell::file_system::{FileSystem, Lookup, find_word};
use crate::model::{EnvValue, Invocation, ModuleImport, PlacedProgram, ProgramSources, Word, join, parent_and_name};
use crate::text::Span;

/// Directories in which programs are looked for where nothing says so.
const USUAL_PATH: [&str; 6] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
/// Places of a program that are looked at.
const MOST_PATHS: usize = 100;
/// Endings of code that may import a module.
const CODE: [&str; 7] = ["cjs", "js", "jsx", "mjs", "py", "ts", "tsx"];
/// What calls a program in code, of which each has to be given its path.
const CALLERS: [&str; 3] = ["query(", "ClaudeSDKClient(", "unstable_v2_"];
/// How code imports other code of its own project.
const OWN_IMPORTS: [&str; 6] = ["from .", "from './", "from \"./", "require('./", "require(\"./", "import('./"];
/// Files of code that are looked at for one container.
const MOST_FILES: usize = 100;

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
    let path = match container.env.get("PATH").map(|variable| &variable.value) {
        Some(EnvValue::Set(value)) => value.text.as_str(),
        Some(EnvValue::Inherited) | None => "",
    };
    let directories = USUAL_PATH.into_iter().chain(path.split(':').filter(|part| part.starts_with('/')));
    let searched = directories.flat_map(|directory| commands.iter().map(move |command| join(directory, command)));
    let called = container.script.invocations.iter().filter_map(|call| call.argv.first()?.known());
    let is_own = |path: &&str| parent_and_name(path).is_some_and(|(_, name)| commands.iter().any(|own| own == name));
    let called = called.filter(|path| path.starts_with('/')).filter(is_own).map(|path| join("/", path));
    called.chain(searched).collect()
}

/// The modules of known programs that the code imports which a container was seen to run.
fn imports_of(files: &PlannedFiles<'_>) -> Vec<ModuleImport> {
    let modules = &files.repository.programs.modules;
    let mut found = Vec::new();
    let paths: BTreeSet<String> =
        files.container.script.invocations.iter().flat_map(|call| code_of_call(call, files)).collect();
    for path in paths.into_iter().take(MOST_FILES) {
        let Lookup::Text(file) = files.open(&path) else { continue };
        let source = files.repository.sources.get(file);
        for module in modules {
            let Some(at) = import_of(source.text(), &module.name) else { continue };
            let start = source.position(at);
            found.push(ModuleImport {
                module: module.name.clone(),
                called_path: module.path_option.as_ref().and_then(|option| path_given(source.text(), option)),
                file: source.name().to_owned(),
                span: Span { file, start, end: start },
            });
        }
    }
    found
}

/// Where a text first imports a module, in bytes.
fn import_of(text: &str, module: &str) -> Option<usize> {
    let mut from = 0;
    for line in text.split_inclusive('\n') {
        let is_import = line.contains("import") || line.contains("require(") || line.contains("from ");
        if let Some(at) = find_word(line, module).filter(|_| is_import) {
            return Some(from + at);
        }
        from += line.len();
    }
    None
}

/// The path of a program that code gives a module wherever it calls it, where that is a text of its own, and no other file
/// of the same project may call it too.
fn path_given(text: &str, option: &str) -> Option<String> {
    let calls = CALLERS.iter().map(|caller| text.matches(caller).count()).sum::<usize>();
    let given: Vec<&str> = text.match_indices(option).filter_map(|(at, _)| text.get(at + option.len()..)).collect();
    let leads_on = text.lines().any(|line| OWN_IMPORTS.iter().any(|start| line.contains(start)));
    if leads_on || given.is_empty() || given.len() < calls {
        return None;
    }
    let path_of = |after: &&str| {
        let value = after.trim_start_matches(['"', '\'', ' ', ':', '=']);
        let quote = after.get(..after.len() - value.len())?.chars().last().filter(|ch| matches!(ch, '"' | '\''))?;
        value.split_once(quote).map(|(path, _)| path.to_owned())
    };
    let paths: Option<BTreeSet<String>> = given.iter().map(path_of).collect();
    let mut paths = paths?.into_iter();
    paths.next().filter(|_| paths.next().is_none())
}

/// The files of code that a call names, as absolute paths, also through a script of a manifest.
fn code_of_call(call: &Invocation, files: &PlannedFiles<'_>) -> Vec<String> {
    let own = files.container.working_dir.as_ref().map_or("/", |directory| directory.text.as_str());
    let directory =
        call.directory.as_ref().and_then(Word::known).map_or_else(|| own.to_owned(), |moved| join(own, moved));
    let words: Vec<&str> = call.argv.iter().filter_map(Word::known).collect();
    let mut found: Vec<String> = words.iter().filter(|word| is_code(word)).map(|word| join(&directory, word)).collect();
    if let Some(at) = words.iter().position(|word| *word == "-m")
        && let Some(module) = words.get(at + 1)
    {
        let path = module.replace('.', "/");
        found.extend([format!("{path}.py"), format!("{path}/__main__.py")].iter().map(|path| join(&directory, path)));
    }
    let program = words.first().map(|word| word.rsplit('/').next().unwrap_or(word));
    if program.is_some_and(|program| matches!(program, "npm" | "pnpm" | "yarn" | "bun")) {
        let mut plain = words.iter().skip(1).filter(|word| !word.starts_with('-'));
        let verb = plain.next().copied().unwrap_or_default();
        let script =
            if matches!(verb, "run" | "run-script") { plain.next().copied().unwrap_or_default() } else { verb };
        found.extend(code_of_manifest(script, &directory, files));
    }
    found
}

/// The files of code that a script of the manifest in a directory names.
fn code_of_manifest(script: &str, directory: &str, files: &PlannedFiles<'_>) -> Vec<String> {
    let Lookup::Text(file) = files.open(&join(directory, "package.json")) else { return Vec::new() };
    let Some(manifest) = PackageManifest::parse(files.repository.sources.get(file).text()) else { return Vec::new() };
    let texts = manifest.run(script).flat_map(|script| script.command.split([' ', ';', '&', '|', '(', ')', '"', '\'']));
    texts.filter(|word| is_code(word)).map(|word| join(directory, word)).collect()
}

fn is_code(word: &str) -> bool {
    !word.starts_with('-') && word.rsplit_once('.').is_some_and(|(_, ending)| CODE.contains(&ending))
}
