//! Data flows one way: no module imports one below it in the list, and no outside crate is used outside its home.

use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::root;

/// What each module may use of this crate (`STYLE.md`: the order).
const MAY_USE: &[(&str, &[&str])] = &[
    ("text", &[]),
    ("parallel", &[]),
    ("model", &["text"]),
    ("rules", &["text", "model"]),
    ("finding", &["text", "model", "rules"]),
    ("input", &["text", "parallel", "model", "rules"]),
    ("judge", &["text", "parallel", "model", "rules", "finding"]),
    ("fix", &["text", "model", "rules", "finding", "judge"]),
    ("report", &["text", "model", "rules", "finding"]),
    ("render", &["text", "model", "rules", "finding", "report"]),
    ("cli", &["rules", "render"]),
    ("command", &["text", "parallel", "model", "rules", "finding", "input", "judge", "fix", "report", "render", "cli"]),
];

/// The one home of each outside crate that is not for everybody.
const HOMES: &[(&str, &[&str])] = &[
    ("clap", &["cli.rs", "cli/"]),
    ("clap_complete", &["cli/manual.rs"]),
    ("clap_mangen", &["cli/manual.rs"]),
    ("data_encoding", &["text/yaml/", "render/html/"]),
    ("hcl_edit", &["input/nomad/hcl_text.rs"]),
    ("jsonc_parser", &["text/json.rs"]),
    ("saphyr_parser", &["text/yaml/", "text/comment.rs"]),
    ("serde_yaml", &["rules/"]),
    ("globset", &["rules/config/"]),
    ("postcard", &["rules/mod.rs"]),
    ("semver", &["rules/"]),
    ("comfy_table", &["render/participant_table.rs"]),
    ("annotate_snippets", &["render/source_frame.rs"]),
    (
        "serde_json",
        &["render/json.rs", "report/", "input/compose/", "input/capture/", "input/engine/", "input/kernel/"],
    ),
    ("bollard", &["input/engine/"]),
    ("serde_ignored", &["input/capture/"]),
    ("flate2", &["input/kernel/archive.rs"]),
    ("futures_util", &["input/engine/"]),
    ("hyper", &["input/engine/"]),
    ("hyper_util", &["input/engine/"]),
    ("rustls_native_certs", &["input/engine/"]),
    ("tokio", &["input/engine/"]),
    ("tokio_rustls", &["input/engine/"]),
    ("maud", &["render/html/"]),
    // The engine names rustls's module of that name.
    ("ring", &["render/html/", "input/engine/tls.rs", "input/kernel/layers.rs"]),
    ("percent_encoding", &["render/sarif/"]),
    ("pulldown_cmark", &["input/document/blocks.rs"]),
    ("quick_xml", &["render/junit.rs", "render/graph/svg.rs"]),
    ("rust_sugiyama", &["render/graph/node_layout.rs"]),
    ("indicatif", &["command/progress.rs"]),
    ("ignore", &["input/walk.rs"]),
    ("anyhow", &["command/"]),
    ("procfs", &["input/kernel/"]),
    ("prometheus", &["render/metrics.rs"]),
    ("ruzstd", &["input/kernel/archive.rs"]),
    ("tar", &["input/kernel/archive.rs", "input/kernel/exported.rs"]),
    // Tests use it everywhere; what else does, `WRITES` says.
    ("tempfile", &[""]),
    ("rustix", &["input/git/", "input/kernel/", "text/confined.rs", "text/writer"]),
    ("similar", &["render/diff.rs"]),
    ("strsim", &["text/near.rs"]),
    ("signal_hook", &["lasting.rs"]),
    ("siphasher", &["report/", "command/state.rs"]),
    ("mimalloc", &["main.rs"]),
    ("terminal_size", &["main.rs"]),
    ("unicode_general_category", &["render/safe.rs"]),
];

/// Where files are looked at, read or written beside the reader and the writer, and why.
const TOUCH_FILES: &[&str] = &[
    // The reader, and its twin that writes.
    "text/reader",
    "text/confined.rs",
    "text/portable.rs",
    "text/writer",
    // Whose a configuration is.
    "command/configuration.rs",
    // The kernel's own tables, and containers' files by a confined root of its own.
    "input/kernel/",
    // The mode and group of the engine's socket.
    "input/engine/error.rs",
    // A lock file, and outputs of two names that are one file.
    "command/state.rs",
    "command/output.rs",
    // Where git's own program is asked.
    "input/git/",
];

/// What looks at, reads, lists or writes files.
const FILE_CALLS: &[&str] = &[
    "fs::read",
    "fs::write",
    "fs::metadata",
    "fs::symlink_metadata",
    "fs::canonicalize",
    "File::",
    "OpenOptions",
    "read_dir(",
    "read_link(",
    "symlink_metadata(",
    ".canonicalize(",
    ".is_file()",
    ".is_dir()",
    ".is_symlink()",
    ".exists()",
    "WalkBuilder",
];

fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The source without comments, each file by its path below `src`.
fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    files(&root().join("src"), &mut found);
    let text = |path: &PathBuf| {
        let text = fs::read_to_string(path).unwrap();
        text.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n")
    };
    let below = |path: &PathBuf| path.strip_prefix(root().join("src")).unwrap().to_str().unwrap().to_owned();
    found.iter().map(|path| (below(path), text(path))).collect()
}

fn is_test(path: &str) -> bool {
    path.ends_with("tests.rs") || path.contains("/tests/")
}

#[test]
fn no_module_imports_one_below_it() {
    for (path, text) in sources() {
        let module = path.split(['/', '.']).next().unwrap();
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == module) else {
            assert!(["lib", "main", "lasting"].contains(&module), "{path} is in no room of the house");
            continue;
        };
        let text = text.split("#[cfg(test)]").next().unwrap();
        for used in text.split("crate::").skip(1).filter(|_| !is_test(&path)) {
            let used: String = used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            assert!(used == module || allowed.contains(&used.as_str()), "{path} uses crate::{used}");
        }
    }
}

#[test]
fn an_outside_crate_is_used_at_home_only() {
    for (path, text) in sources().into_iter().filter(|(path, _)| !is_test(path)) {
        for (name, homes) in HOMES {
            let parts = text.split(&format!("{name}::")).collect::<Vec<_>>();
            let uses = parts.windows(2).any(|pair| !pair[0].ends_with(|c: char| c.is_alphanumeric() || c == '_'));
            assert!(!uses || homes.iter().any(|home| path.starts_with(home)), "{path} uses {name}");
        }
    }
}

/// What changes a file or a directory, and the homes of those that one other place may need.
const WRITES: &[(&str, &[&str])] = &[
    ("fs::write", &[]),
    ("File::create", &[]),
    ("File::options", &[]),
    ("OpenOptions", &["text/reader"]),
    ("OFlags::WRONLY", &[]),
    ("OFlags::RDWR", &[]),
    ("OFlags::CREATE", &[]),
    ("fs::rename", &[]),
    ("renameat", &[]),
    ("fs::copy", &[]),
    ("fs::hard_link", &[]),
    ("fs::symlink(", &[]),
    ("create_dir", &[]),
    ("DirBuilder", &[]),
    ("mkdirat", &[]),
    ("mknodat", &[]),
    ("remove_file", &[]),
    ("remove_dir", &[]),
    ("unlinkat", &[]),
    ("set_permissions", &[]),
    ("fchmod", &[]),
    ("fchown", &[]),
    ("set_len", &[]),
    ("tempfile", &[]),
];

#[test]
fn files_are_written_by_the_writer_alone() {
    let mut found = 0;
    for (path, text) in sources().into_iter().filter(|(path, _)| !is_test(path)) {
        let text = text.split("#[cfg(test)]").next().unwrap();
        for (word, homes) in WRITES {
            let at_home = path.starts_with("text/writer") || homes.iter().any(|home| path.starts_with(home));
            found += usize::from(at_home && text.contains(word));
            assert!(at_home || !text.contains(word), "{path} has {word}: files are written by text::writer");
        }
    }
    assert!(found > 5, "the writer itself is looked at");
}

#[test]
fn files_are_read_by_the_reader_alone() {
    for (path, text) in sources().into_iter().filter(|(path, _)| !is_test(path) && !path.contains("/tests/")) {
        if TOUCH_FILES.iter().any(|home| path.starts_with(home)) {
            continue;
        }
        let text = text.split("#[cfg(test)]").next().unwrap();
        for call in FILE_CALLS {
            // `SourceFile::new` is another name.
            let at = text.match_indices(call).find(|(at, _)| {
                !call.starts_with("File") || !text[..*at].ends_with(|before: char| before.is_alphanumeric())
            });
            assert!(at.is_none(), "{path} uses {call}: let text::Reader do it");
        }
    }
}

#[test]
fn every_dependency_has_a_home_or_is_for_everybody() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let dependencies = manifest.split("[dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
    let mut reason = false;
    for line in dependencies.lines() {
        if let Some((name, _)) = line.split_once(" = ") {
            let name = name.replace('-', "_");
            let everybody = ["serde", "thiserror"].contains(&name.as_str());
            assert!(everybody || HOMES.iter().any(|(known, _)| *known == name), "{name} has no home");
            assert!(reason, "{name} has no reason in Cargo.toml");
        }
        reason = line.starts_with('#');
    }
}

/// Folders that do not use what is built on them.
const DOES_NOT_USE: &[(&str, &[&str])] = &[
    ("input/docker_cli/", &["input::shell"]),
    ("input/shell/parse/", &["interpret", "docker_cli"]),
    // Kinds of input know nothing of each other, nor of how all are found.
    ("input/compose/", &["script", "unread", "discovery"]),
    ("input/script/", &["compose", "unread", "discovery"]),
];

#[test]
fn no_folder_uses_what_is_built_on_it() {
    for (path, text) in sources().into_iter().filter(|(path, _)| !is_test(path)) {
        for (folder, users) in DOES_NOT_USE.iter().filter(|(folder, _)| path.starts_with(folder)) {
            let uses = text.split("use ").skip(1).map(|rest| rest.split(';').next().unwrap());
            let wrong: Vec<&str> = uses.filter(|used| users.iter().any(|user| used.contains(user))).collect();
            assert!(wrong.is_empty(), "{path} in {folder} uses {wrong:?}");
        }
    }
}
