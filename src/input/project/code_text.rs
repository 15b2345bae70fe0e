//! What the text of a file says of a known program: whether it names one, only speaks of it, or can start any. Uses
//! `program_names`.

use crate::input::program_names::ProgramNames;

/// Endings of code that starts a program through a library alone.
const LIBRARY_CODE: [&str; 11] = ["astro", "cjs", "html", "js", "json", "jsx", "mjs", "py", "svelte", "ts", "tsx"];
/// The names of what starts programs there.
#[rustfmt::skip]
const STARTERS: &[&str] = &[
    "child_process", "Bun.spawn", "Bun.$", "from \"bun\"", "from 'bun'", "Deno.Command", "Deno.run", "execa", "zx", "shelljs",
    "cross-spawn", "node-pty", "nano-spawn", "tinyexec", "tinyspawn", "worker-farm", "dockerode", "docker.sock", "ssh2",
    "subprocess", "os.system", "os.exec", "os.spawn", "os.posix_spawn", "popen", "Popen", "pexpect", "ptyprocess", "pty",
    "paramiko", "plumbum", "fabric", "invoke", "import sh", "from sh ", "docker.from_env", "eval(", "__import__", "importlib",
];

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
    if names.packages.iter().any(|package| text.contains(package.as_str())) || depends_on_kin(name, text, names) {
        return CodeText::Names;
    }
    if !names.is_program_named_in(text) {
        return CodeText::Silent;
    }
    let is_script = |scripts: &serde_json::Value| {
        scripts.as_object().is_some_and(|all| {
            all.values().filter_map(serde_json::Value::as_str).any(|script| names.is_program_named_in(script))
        })
    };
    if name == "package.json" {
        let package: Option<serde_json::Value> = serde_json::from_str(text).ok();
        let runs = package.as_ref().is_none_or(|package| package.get("scripts").is_some_and(is_script));
        return if runs { CodeText::Names } else { CodeText::Speaks };
    }
    if is_library_code(name) && !text.starts_with("#!") && !has_command_literal(text, names) {
        CodeText::Speaks
    } else {
        CodeText::Names
    }
}

/// Whether a text literal is a program's command, or begins with it and its options: whatever it is given to may run it.
fn has_command_literal(text: &str, names: &ProgramNames) -> bool {
    names.commands.iter().any(|command| {
        text.match_indices(command.as_str()).any(|(at, _)| {
            let before = text.get(..at).and_then(|before| before.chars().next_back());
            let after = text.get(at + command.len()..).unwrap_or_default();
            let quote = before.filter(|before| matches!(before, '"' | '\'' | '`'));
            quote.is_some_and(|quote| after.starts_with(quote) || after.starts_with(" -"))
        })
    })
}

/// Whether a text has the means to start another program; what is no code for an interpreter of libraries has.
pub(super) fn starts_programs(name: &str, text: &str) -> bool {
    if name.ends_with(".json") || name.ends_with(".html") {
        return name == "package.json" && STARTERS.iter().any(|starter| text.contains(&format!("\"{starter}\"")));
    }
    is_library_code(name) && STARTERS.iter().any(|starter| text.contains(starter))
}

fn is_library_code(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, ending)| LIBRARY_CODE.contains(&ending))
}

/// Whether code depends on a package that is named after a program: it may call it.
fn depends_on_kin(name: &str, text: &str, names: &ProgramNames) -> bool {
    let is_kin = |package: &str| names.commands.iter().any(|command| package.contains(command.as_str()));
    if name == "package.json" {
        let package: Option<serde_json::Value> = serde_json::from_str(text).ok();
        let lists = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];
        return package.is_some_and(|package| {
            let all = lists.iter().filter_map(|list| package.get(*list)?.as_object());
            all.flat_map(|list| list.keys()).any(|package| is_kin(package))
        });
    }
    if name.starts_with("requirements") && name.ends_with(".txt") {
        return text.lines().filter(|line| !line.trim_start().starts_with('#')).any(is_kin);
    }
    let imports = |line: &&str| line.contains("import") || line.contains("require(") || line.contains("from ");
    let is_package = |part: &str| is_kin(part) && !part.starts_with(['.', '/']) && !part.contains(char::is_whitespace);
    is_library_code(name)
        && text.lines().filter(imports).any(|line| line.split(['"', '\'', '`']).skip(1).step_by(2).any(is_package))
}
