//! No file of `src` uses, through others, what uses it: inside folders too. A folder's `mod.rs` and what is below it are
//! one place and do not count.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::harness::root;

type Module = Vec<String>;

/// The code of every file without tests and comments, by its module path.
fn modules(directory: &Path, above: &[String], found: &mut BTreeMap<Module, String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let module = [above, std::slice::from_ref(&name)].concat();
        if path.is_dir() {
            if name != "tests" {
                modules(&path, &module, found);
            }
            continue;
        }
        if path.extension().is_none_or(|extension| extension != "rs") || name == "tests" {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let text = text.split("#[cfg(test)]\nmod ").next().unwrap();
        let code = text.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n");
        let module = if matches!(name.as_str(), "mod" | "lib") { above.to_vec() } else { module };
        found.insert(module, code);
    }
}

/// The paths that one `use` tree stands for: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn spread(before: &[String], tree: &str, found: &mut Vec<Module>) {
    let (mut depth, mut from) = (0, 0);
    for (at, character) in tree.char_indices().chain([(tree.len(), ',')]) {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                let item = tree[from..at].trim();
                from = at + 1;
                let (path, group) = item.split_once('{').map_or((item, None), |(path, rest)| (path, Some(rest)));
                let path = path.split(" as ").next().unwrap();
                let parts = path.split("::").map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned);
                let whole: Module = before.iter().cloned().chain(parts).collect();
                match group.and_then(|group| group.strip_suffix('}')) {
                    Some(group) => spread(&whole, group, found),
                    None if whole.len() > before.len() => found.push(whole),
                    None => {}
                }
            }
            _ => {}
        }
    }
}

/// The paths that a file names: by `use`, and where it spells one out.
fn named_paths(code: &str) -> Vec<Module> {
    let mut found = Vec::new();
    for rest in code.split("use ").skip(1) {
        spread(&[], rest.split(';').next().unwrap(), &mut found);
    }
    for start in ["crate::", "super::"] {
        for (at, _) in code.match_indices(start) {
            let end = code[at..].find(|c: char| !c.is_alphanumeric() && c != '_' && c != ':');
            let path = &code[at..end.map_or(code.len(), |end| at + end)];
            found.push(path.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect());
        }
    }
    found
}

/// The file that a path leads to, seen from a module.
fn resolve(path: &[String], from: &[String], modules: &BTreeMap<Module, String>) -> Option<Module> {
    let mut base = match path.first()?.as_str() {
        "crate" => Vec::new(),
        "super" | "self" => from.to_vec(),
        first => {
            let below = [from, &[first.to_owned()]].concat();
            modules.contains_key(&below).then_some(from.to_vec())?
        }
    };
    for part in path {
        match part.as_str() {
            "crate" | "self" => {}
            "super" => _ = base.pop(),
            name => {
                let below = [&base[..], &[name.to_owned()]].concat();
                if !modules.contains_key(&below) {
                    break;
                }
                base = below;
            }
        }
    }
    Some(base)
}

/// The files of which each uses, directly or not, one that uses it.
fn cycles(modules: &BTreeMap<Module, String>) -> Vec<String> {
    let related = |one: &Module, other: &Module| one.starts_with(other) || other.starts_with(one);
    let mut edges: BTreeMap<&Module, BTreeSet<Module>> = BTreeMap::new();
    for (module, code) in modules {
        let used = named_paths(code).into_iter().filter_map(|path| resolve(&path, module, modules));
        edges.insert(module, used.filter(|used| modules.contains_key(used) && !related(used, module)).collect());
    }
    // Whoever uses nothing that is left is in no circle, and nobody's way round.
    while let Some(free) =
        edges.iter().find(|(_, used)| used.iter().all(|used| !edges.contains_key(used))).map(|(module, _)| *module)
    {
        edges.remove(free);
    }
    edges.keys().map(|module| module.join("/")).collect()
}

#[test]
fn no_file_uses_what_uses_it() {
    let mut found = BTreeMap::new();
    modules(&root().join("src"), &[], &mut found);
    assert!(found.len() > 200);
    assert_eq!(cycles(&found), Vec::<String>::new());
    // Two that use each other are found, by `use` with a group and by a path that is spelled out.
    let module = |name: &str| vec!["render".to_owned(), name.to_owned()];
    found.insert(module("one"), "use super::{\n    other::{A, B},\n};".to_owned());
    found.insert(module("other"), "fn f() -> crate::render::one::A {}".to_owned());
    assert_eq!(cycles(&found), ["render/one", "render/other"]);
}
