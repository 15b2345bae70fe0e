//! The code in languages of its own that a container was seen to run: its own files, and those of the same project that they
//! import. Uses `planned_files` and `package_manifest`.

use std::collections::{BTreeSet, VecDeque};

use super::planned_files::PlannedFiles;
use crate::input::package_manifest::PackageManifest;
use crate::input::shell::file_system::{FileSystem, Lookup};
use crate::model::{Invocation, Word, join, parent_and_name};
use crate::text::FileId;

/// Endings of code that may import a module.
const CODE: [&str; 7] = ["cjs", "js", "jsx", "mjs", "py", "ts", "tsx"];
/// What a text of JavaScript may leave out of the path of a file that it imports.
const LEFT_OUT: [&str; 7] = ["", ".js", ".mjs", ".ts", ".tsx", "/index.js", "/index.ts"];
/// Paths at which code is looked for, for one container.
const MOST_PATHS: usize = 400;

/// The files of code that a container runs, those first that its commands name.
pub(super) fn code_files(files: &PlannedFiles<'_>) -> Vec<FileId> {
    let mut found = Vec::new();
    let mut seen: BTreeSet<String> =
        files.container.script.invocations.iter().flat_map(|call| code_of_call(call, files)).collect();
    let mut open: VecDeque<String> = seen.iter().cloned().collect();
    while let Some(path) = open.pop_front() {
        let Lookup::Text(file) = files.open(&path) else { continue };
        found.push(file);
        let source = files.repository.sources.get(file);
        let directory = parent_and_name(&path).map_or("/", |(directory, _)| directory);
        for import in own_imports(&path, source.text(), directory) {
            if seen.len() < MOST_PATHS && seen.insert(import.clone()) {
                open.push_back(import);
            }
        }
    }
    found
}

/// Where files of the same project may be that a text imports.
fn own_imports(path: &str, text: &str, directory: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| is_import(line));
    if !path.ends_with("py") {
        let quoted = lines.flat_map(|line| line.split(['"', '\'', '`']).skip(1).step_by(2));
        let own = quoted.filter(|name| name.starts_with("./") || name.starts_with("../"));
        // Code of TypeScript names the files that are made of it.
        let own = own.flat_map(|name| [name, name.trim_end_matches(".js")]);
        return own.flat_map(|name| LEFT_OUT.iter().map(move |end| join(directory, &format!("{name}{end}")))).collect();
    }
    let mut found = Vec::new();
    for line in lines {
        let words: Vec<&str> = line.split([' ', ',', '(', ')']).filter(|word| !word.is_empty()).collect();
        let (module, names) = match words.as_slice() {
            ["from", module, "import", names @ ..] => (*module, names),
            ["import", module, ..] => (*module, &[][..]),
            _ => continue,
        };
        let plain = module.trim_start_matches('.');
        let above = "../".repeat((module.len() - plain.len()).saturating_sub(1));
        let at = format!("{above}{}", plain.replace('.', "/"));
        let inner = names.iter().map(|name| if at.is_empty() { (*name).to_owned() } else { format!("{at}/{name}") });
        let all = inner.chain((!plain.is_empty()).then(|| at.clone()));
        found.extend(
            all.flat_map(|at| [format!("{at}.py"), format!("{at}/__init__.py")]).map(|at| join(directory, &at)),
        );
    }
    found
}

pub(super) fn is_import(line: &str) -> bool {
    line.contains("import") || line.contains("require(") || line.contains("from ")
}

fn is_module_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.')
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
    // What a server is told to run: `uvicorn package.module:app`.
    let served = words.iter().skip(1).filter_map(|word| word.split_once(':')).map(|(module, _)| module);
    let served = served.filter(|module| !module.is_empty() && module.bytes().all(is_module_byte));
    found.extend(served.map(|module| join(&directory, &format!("{}.py", module.replace('.', "/")))));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_of_the_same_project_are_found() {
        let python = "import work.agent\nfrom .tools import run\nfrom . import other\n";
        let found = own_imports("/app/main.py", python, "/app");
        for wanted in ["/app/work/agent.py", "/app/tools.py", "/app/tools/run.py", "/app/other.py"] {
            assert!(found.iter().any(|path| path == wanted), "{wanted} {found:?}");
        }
        let script =
            "import { run } from './lib/run.js';\nconst x = require(\"../other\");\nimport y from 'express';\n";
        let found = own_imports("/app/main.mjs", script, "/app");
        for wanted in ["/app/lib/run.js", "/app/lib/run.ts", "/other.js"] {
            assert!(found.iter().any(|path| path == wanted), "{wanted} {found:?}");
        }
        assert!(!found.iter().any(|path| path.contains("express")));
    }
}
