//! The modules of known programs that the code imports which a container was seen to run. Uses `code_files`, `planned_files`
//! and `shell::file_system`.

use std::collections::BTreeSet;

use super::code_files::{code_files, is_import};
use super::planned_files::PlannedFiles;
use crate::input::shell::file_system::find_word;
use crate::model::ModuleImport;
use crate::text::Span;

/// What calls a program in code, of which each has to be given its path.
const CALLERS: [&str; 3] = ["query(", "ClaudeSDKClient(", "unstable_v2_"];
/// How code imports other code of its own project.
const OWN_IMPORTS: [&str; 6] = ["from .", "from './", "from \"./", "require('./", "require(\"./", "import('./"];

/// The modules that the code of a container imports.
pub(super) fn imports_of(files: &PlannedFiles<'_>) -> Vec<ModuleImport> {
    let modules = &files.repository.programs.modules;
    let mut found = Vec::new();
    for file in code_files(files) {
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
        if let Some(at) = find_word(line, module).filter(|_| is_import(line)) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_counts_where_each_call_is_given_one() {
        let given = |text| path_given(text, "cli_path");
        assert_eq!(given("query(cli_path='/usr/bin/claude')").as_deref(), Some("/usr/bin/claude"));
        assert_eq!(given("query(cli_path='/usr/bin/claude')\nquery()"), None);
        assert_eq!(given("query(cli_path=found)"), None);
        assert_eq!(given("from .own import x\nquery(cli_path='/usr/bin/claude')"), None);
    }
}
