//! What the text of a file says of a known program: whether it names one, only speaks of it, or can start any. Uses
//! `package_manifest`, `program_names` and `shell::file_system`.

use crate::input::package_manifest::PackageManifest;
use crate::input::program_names::ProgramNames;
use crate::input::shell::file_system::find_word;

/// Endings of code that starts a program through a library alone.
const LIBRARY_CODE: [&str; 11] = ["astro", "cjs", "html", "js", "json", "jsx", "mjs", "py", "svelte", "ts", "tsx"];
/// The names of what starts programs there.
#[rustfmt::skip]
const STARTERS: &[&str] = &[
    "child_process", "Bun.spawn", "Bun.$", "from \"bun\"", "from 'bun'", "Deno.Command", "Deno.run", "execa", "shelljs", "cross-spawn",
    "node-pty", "nano-spawn", "tinyexec", "tinyspawn", "worker-farm", "dockerode", "docker.sock",
    "subprocess", "os.system", "os.exec", "os.spawn", "os.posix_spawn", "popen", "Popen", "pexpect", "ptyprocess", "paramiko",
    "plumbum", "docker.from_env", "eval(", "__import__", "importlib",
];
/// The same, where they are so short that other words have them in them.
const SHORT_STARTERS: [&str; 6] = ["fabric", "invoke", "pty", "sh", "ssh2", "zx"];

/// What a text says of the known programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CodeText {
    /// Nothing.
    Silent,
    /// Their names stand in it, which is a call only where something starts programs.
    Speaks,
    /// It brings or may call one.
    Names,
}

/// What the text of a file says.
pub(super) fn read_code(name: &str, text: &str, names: &ProgramNames) -> CodeText {
    let brings = names.packages.iter().any(|package| text.contains(package.as_str()));
    if brings || depends_on_kin(name, text, names) || imports_module(name, text, names) {
        return CodeText::Names;
    }
    if !names.is_program_named_in(text) {
        return CodeText::Silent;
    }
    if name == "package.json" {
        let manifest = PackageManifest::parse(text);
        let runs =
            manifest.is_none_or(|manifest| manifest.scripts().any(|script| names.is_program_named_in(script.command)));
        return if runs { CodeText::Names } else { CodeText::Speaks };
    }
    let is_call = text.starts_with("#!") || names.commands.iter().any(|command| is_argument(text, command));
    if is_library_code(name) && !is_call { CodeText::Speaks } else { CodeText::Names }
}

/// Whether a text has a program's name as a text of its own, alone, at the end of a path, or before options: what starts
/// programs is given it so, by whatever function.
fn is_argument(text: &str, command: &str) -> bool {
    text.match_indices(command).any(|(at, _)| {
        let before = text.get(..at).unwrap_or_default().ends_with(['"', '\'', '`', '/']);
        let after = text.get(at + command.len()..).unwrap_or_default();
        before && (after.starts_with(['"', '\'', '`']) || after.starts_with(" -"))
    })
}

/// Whether a text has the means to start another program; what is no code for an interpreter of libraries has.
pub(super) fn starts_programs(name: &str, text: &str) -> bool {
    if matches!(ending_of(name), "json" | "html") {
        let mut all = STARTERS.iter().chain(&SHORT_STARTERS);
        return name == "package.json" && all.any(|starter| text.contains(&format!("\"{starter}\"")));
    }
    is_library_code(name)
        && (STARTERS.iter().any(|starter| text.contains(starter))
            || text
                .lines()
                .filter(|line| is_import(line))
                .any(|line| SHORT_STARTERS.iter().any(|starter| find_word(line, starter).is_some())))
}

fn is_import(line: &str) -> bool {
    line.contains("import") || line.contains("require(") || line.contains("from ")
}

fn is_library_code(name: &str) -> bool {
    LIBRARY_CODE.contains(&ending_of(name))
}

fn ending_of(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, ending)| ending)
}

/// Whether code imports a module that calls a copy of a program.
fn imports_module(name: &str, text: &str, names: &ProgramNames) -> bool {
    let is_module = |line: &str| names.modules.iter().any(|module| find_word(line, &module.name).is_some());
    is_library_code(name) && text.lines().any(|line| is_import(line) && is_module(line))
}

/// Whether a value of the environment is a command that calls a program: its name, or its path, alone or before options.
pub(super) fn is_command_value(value: &str, names: &ProgramNames) -> bool {
    let mut words = value.split_whitespace();
    let program = words.next().unwrap_or_default();
    let (directory, last) = program.rsplit_once('/').unwrap_or(("bin", program));
    let is_own = names.commands.iter().any(|command| command == last) && directory.ends_with("bin");
    let is_call = words.next().is_none_or(|word| word.starts_with('-'));
    is_own && is_call || names.commands.iter().any(|command| value.starts_with('[') && is_argument(value, command))
}

/// Whether code depends on a package that is named after a program: it may call it.
fn depends_on_kin(name: &str, text: &str, names: &ProgramNames) -> bool {
    let is_kin = |package: &str| names.commands.iter().any(|command| package.contains(command.as_str()));
    if name == "package.json" {
        return PackageManifest::parse(text).is_some_and(|manifest| manifest.packages().any(is_kin));
    }
    if name.starts_with("requirements") && ending_of(name) == "txt" {
        return text.lines().filter(|line| !line.trim_start().starts_with('#')).any(is_kin);
    }
    let is_package = |part: &str| is_kin(part) && !part.starts_with(['.', '/']) && !part.contains(char::is_whitespace);
    is_library_code(name)
        && text
            .lines()
            .filter(|line| is_import(line))
            .any(|line| line.split(['"', '\'', '`']).skip(1).step_by(2).any(is_package))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(name: &str, text: &str) -> CodeText {
        let names = ProgramNames {
            commands: vec!["claude".to_owned()],
            packages: vec!["@anthropic-ai/claude-code".to_owned()],
            ..ProgramNames::default()
        };
        read_code(name, text, &names)
    }

    #[test]
    fn only_what_may_call_it_names_a_program() {
        assert_eq!(said("a.ts", "const title = 'what claude left'"), CodeText::Speaks);
        assert_eq!(said("a.ts", "const title = 'sessions'"), CodeText::Silent);
        assert_eq!(said("a.ts", "import { query } from '@anthropic-ai/claude-code'"), CodeText::Names);
        assert_eq!(said("a.ts", "import { run } from 'claude-runner'"), CodeText::Names);
        assert_eq!(said("a.ts", "import { run } from './claude-runner'"), CodeText::Silent);
        assert_eq!(said("a.ts", "run('claude', ['-p', task])"), CodeText::Names);
        assert_eq!(said("a.ts", "run(`/opt/bin/claude -p ${task}`)"), CodeText::Names);
        assert_eq!(said("run.sh", "claude -p x"), CodeText::Names);
        assert_eq!(said("a.js", "#!/usr/bin/env claude\n"), CodeText::Names);
        assert_eq!(said("package.json", r#"{"description": "claude sessions"}"#), CodeText::Speaks);
        assert_eq!(said("package.json", r#"{"scripts": {"start": "claude -p x"}}"#), CodeText::Names);
        assert_eq!(said("package.json", r#"{"dependencies": {"claude-runner": "1"}}"#), CodeText::Names);
        assert_eq!(said("requirements.txt", "flask\n# claude\n"), CodeText::Names);
        assert_eq!(said("requirements-dev.txt", "claude-runner==1\n"), CodeText::Names);
    }

    #[test]
    fn a_value_may_be_a_command() {
        let names = ProgramNames { commands: vec!["claude".to_owned()], ..ProgramNames::default() };
        for value in ["claude", "claude -p x", "/usr/local/bin/claude --print", "[\"claude\", \"-p\"]"] {
            assert!(is_command_value(value, &names), "{value}");
        }
        for value in ["", "/srv/claude", "/root/.claude", "claude sessions", "claude-code", "https://claude.ai"] {
            assert!(!is_command_value(value, &names), "{value}");
        }
    }

    #[test]
    fn a_library_starts_programs_where_it_is_imported() {
        assert!(starts_programs("a.py", "import subprocess\n"));
        assert!(starts_programs("a.py", "import pty\n"));
        assert!(!starts_programs("a.py", "import os\nif empty: print('invoke')\n"));
        assert!(starts_programs("a.js", "const { exec } = require('node:child_process')"));
        assert!(!starts_programs("a.js", "const found = /x/.exec(text)"));
        assert!(starts_programs("package.json", r#"{"dependencies": {"execa": "9"}}"#));
        assert!(!starts_programs("package.json", r#"{"name": "my-execa-notes"}"#));
    }
}
