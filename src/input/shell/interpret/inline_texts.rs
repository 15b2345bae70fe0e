//! Texts in other languages that stand in a script, and whether they may start anything. Uses nothing else.

/// What in a text of Python may start a program, or run what is not in the text.
const PYTHON: [&str; 20] = [
    "subprocess.",
    "from subprocess",
    "os.system",
    "os.popen",
    "os.exec",
    "os.spawn",
    "os.posix_spawn",
    "from os",
    "pty",
    "pexpect",
    "create_subprocess",
    "exec(",
    "eval(",
    "compile(",
    "__import__",
    "importlib",
    "runpy",
    "ctypes",
    "getattr(",
    "multiprocessing",
];

/// Modules of Python that start nothing of their own.
#[rustfmt::skip]
const PYTHON_MODULES: [&str; 83] = [
    "argparse", "ast", "base64", "binascii", "bisect", "bz2", "calendar", "codecs", "collections", "configparser",
    "contextlib", "copy", "csv", "dataclasses", "datetime", "decimal", "difflib", "email", "enum", "errno", "fcntl",
    "filecmp", "fnmatch", "fractions", "functools", "getpass", "glob", "grp", "gzip", "hashlib", "heapq", "hmac",
    "html", "http", "io", "ipaddress", "itertools", "json", "locale", "logging", "lzma", "math", "mimetypes",
    "numbers", "operator", "os", "pathlib", "platform", "pprint", "pwd", "queue", "random", "re", "requests",
    "secrets", "select", "shutil", "signal", "socket", "sqlite3", "ssl", "stat", "statistics", "string", "struct",
    "subprocess", "sys", "tarfile", "textwrap", "time", "tomli", "tomllib", "traceback", "typing",
    "unicodedata", "urllib", "uuid", "warnings", "xml", "yaml", "zipfile", "zlib", "zoneinfo",
];

/// What in a text of JavaScript may do that.
const JAVASCRIPT: [&str; 8] =
    ["child_process", "spawn", "exec", "eval(", "Function(", "import", "process.binding", "worker"];

/// Modules of Node that start nothing.
const NODE_MODULES: [&str; 10] =
    ["assert", "crypto", "fs", "fs/promises", "http", "https", "os", "path", "url", "util"];

/// What in a text of Perl or Ruby may do that.
const PERL_AND_RUBY: [&str; 12] =
    ["system", "exec", "qx", "`", "open", "require", "load", "eval", "fork", "spawn", "popen", "%x"];

/// Whether a text in the language of an interpreter starts no program.
pub(super) fn starts_nothing(interpreter: &str, text: &str) -> bool {
    let name = interpreter.trim_end_matches(|ch: char| ch.is_ascii_digit() || ch == '.');
    let has_any = |parts: &[&str]| parts.iter().any(|part| text.contains(part));
    match name {
        "python" | "pypy" => {
            !has_any(&PYTHON) && imported_modules(text).iter().all(|module| PYTHON_MODULES.contains(module))
        }
        "node" | "nodejs" => {
            !has_any(&JAVASCRIPT) && required_modules(text).iter().all(|module| NODE_MODULES.contains(module))
        }
        "perl" | "ruby" => !has_any(&PERL_AND_RUBY),
        _ => false,
    }
}

/// Whether the text of a file in the language of an interpreter starts no program itself; the files of its own that it
/// imports are looked at elsewhere.
pub(super) fn file_starts_nothing(interpreter: &str, text: &str) -> bool {
    let name = interpreter.trim_end_matches(|ch: char| ch.is_ascii_digit() || ch == '.');
    let has_any = |parts: &[&str]| parts.iter().any(|part| text.contains(part));
    match name {
        "python" | "pypy" => !has_any(&PYTHON),
        // A program is imported and called, or evaluated: other modules begin with these words too.
        "node" | "nodejs" => !has_any(&JAVASCRIPT.map(|part| if part == "import" { "import(" } else { part })),
        _ => false,
    }
}

/// The modules that a text of Python imports, by the first part of their names.
fn imported_modules(text: &str) -> Vec<&str> {
    let statements = text.split(['\n', ';']).map(str::trim);
    let modules = statements.flat_map(|statement| {
        let from = statement.strip_prefix("from ").and_then(|rest| rest.split_whitespace().next());
        let listed = statement.strip_prefix("import ").into_iter().flat_map(|rest| rest.split(','));
        from.into_iter().chain(listed)
    });
    modules.filter_map(|module| module.trim().split(['.', ' ']).next()).collect()
}

/// The modules that a text of JavaScript requires; one that is no plain text counts as unknown.
fn required_modules(text: &str) -> Vec<&str> {
    text.split("require(")
        .skip(1)
        .map(|rest| {
            let inner = rest.strip_prefix(['"', '\'']).and_then(|rest| rest.split(['"', '\'']).next());
            inner.map_or("", |module| module.trim_start_matches("node:"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::starts_nothing;

    #[test]
    fn texts_that_only_compute_start_nothing() {
        for (interpreter, text, wanted) in [
            ("python3", "print(1)", true),
            ("python3", "import json, subprocess, sys\nprint(json.load(sys.stdin))", true),
            ("python3", "import subprocess\nsubprocess.run(['claude'])", false),
            ("python3", "import claude_agent_sdk", false),
            ("python", "from os import system; system('x')", false),
            ("python3.11", "import os; os.system('x')", false),
            ("node", "console.log(require('node:fs').readFileSync('x'))", true),
            ("node", "require('child_process').execSync('x')", false),
            ("node", "require(process.argv[1])", false),
            ("perl", "print 1", true),
            ("perl", "system('x')", false),
            ("php", "echo 1;", false),
        ] {
            assert_eq!(starts_nothing(interpreter, text), wanted, "{interpreter}: {text}");
        }
    }
}
