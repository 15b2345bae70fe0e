//! Texts of kinds that are not known here, in which a command stands that starts a container, beside a known program's state
//! directory: they are named as not judged. Uses `start_words` and `unread`.

use super::project::Repository;
use super::start_words::{describes_services, has_start_command, has_start_of_values};
use super::unread::{NamedWhere, UnreadKind};
use super::{CandidateFile, FoundInput, InputKind, LoadContext, Piece, UnreadWeight};

/// Endings of what is for people to read, or what a program printed.
#[rustfmt::skip]
const DOCUMENTS: &[&str] = &[
    "adoc", "approved", "asciidoc", "diff", "err", "expected", "golden", "htm", "html", "log", "md", "mdx", "markdown", "org",
    "out", "patch", "pdf", "po", "pot", "rst", "snap", "srt", "stderr", "stdout", "tex", "text", "txt", "xhtml",
];
/// Endings of data. Of JSON some files are known by their names.
#[rustfmt::skip]
const DATA: &[&str] = &[
    "bin", "cast", "crt", "csv", "dat", "db", "geojson", "json", "jsonl", "key", "lock", "map", "ndjson", "parquet", "pem",
    "sarif", "sqlite", "sqlite3", "sum", "svg", "tsv",
];
/// Endings of code: of languages that start nothing as a rule, and of those whose programs are told from others by themselves.
#[rustfmt::skip]
const CODE: &[&str] = &[
    "S", "asm", "astro", "bash", "c", "cc", "cjs", "clj", "cpp", "cs", "css", "cts", "cxx", "d", "dart", "el", "erl", "ex", "exs",
    "f90", "fs", "glsl", "go", "graphql", "groovy", "h", "hh", "hpp", "hs", "inc", "java", "jl", "js", "jsx", "kt", "kts", "less",
    "lua", "m", "mjs", "ml", "mm", "mts", "nim", "nix", "pas", "php", "pl", "proto", "py", "pyi", "rb", "rs", "s", "sass", "scala",
    "scss", "sh", "sql", "svelte", "swift", "tf", "ts", "tsx", "v", "vb", "vhd", "vue", "wgsl", "zig",
];
/// Endings of what is no text.
#[rustfmt::skip]
const BINARY: &[&str] = &[
    "7z", "a", "avif", "bmp", "bz2", "class", "deb", "dll", "dylib", "eot", "exe", "flac", "gif", "gz", "icns", "ico", "img", "iso",
    "jar", "jpeg", "jpg", "mov", "mp3", "mp4", "npy", "npz", "o", "obj", "ogg", "onnx", "otf", "pdb", "pickle", "pkl", "png", "pt",
    "pyc", "pyo", "rar", "rlib", "rmeta", "rpm", "safetensors", "so", "tar", "tgz", "tif", "tiff", "ttf", "war", "wasm", "wav",
    "webm", "webp", "whl", "woff", "woff2", "xz", "zip", "zst",
];

/// Texts of kinds that are not known here.
#[derive(Debug)]
pub(super) struct OtherTextKind;

static OTHER_TEXT: UnreadKind = UnreadKind {
    name: "other",
    phrase: "a file of this kind",
    is_of_kind: may_hold_commands,
    has_container: holds_start,
    named: NamedWhere::Both,
};

impl InputKind for OtherTextKind {
    fn name(&self) -> &'static str {
        OTHER_TEXT.name
    }

    fn looks_like(&self, _: &CandidateFile<'_>) -> bool {
        // What a person names is for them a compose file.
        false
    }

    fn is_found(&self, file: &CandidateFile<'_>) -> bool {
        may_hold_commands(file) && file.names_state() && holds_start(file.beginning())
    }

    fn is_named_if_ignored(&self) -> bool {
        false
    }

    fn weigh_text(&self, text: &str, context: &LoadContext<'_>) -> UnreadWeight {
        OTHER_TEXT.weigh_text(text, context)
    }

    fn load(&self, input: &FoundInput, context: &LoadContext<'_>, repository: &Repository<'_>) -> Piece {
        OTHER_TEXT.load(input, context, repository)
    }
}

/// Whether a file is one, by its name, that a program may take commands from.
pub(super) fn may_hold_commands(file: &CandidateFile<'_>) -> bool {
    match file.ending() {
        Some(ending) => ![DOCUMENTS, DATA, CODE, BINARY].iter().any(|endings| endings.contains(&ending)),
        None => !is_document_name(file.name()) && !is_recipe_of_image(file.name()),
    }
}

/// Whether a name without an ending is one of those in capitals that documents have: `README`, `LICENSE`.
fn is_document_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|ch| ch.is_ascii_uppercase() || matches!(ch, '_' | '-'))
}

/// Whether a file says how an image is built: what of it matters is read where something builds it.
fn is_recipe_of_image(name: &str) -> bool {
    ["Dockerfile", "Containerfile"].iter().any(|known| name.starts_with(known))
}

/// Whether a text has a command in it that starts a container, or describes services.
fn holds_start(text: &str) -> bool {
    if text.lines().find(|line| !line.trim().is_empty() && !is_comment(line)).is_some_and(is_sentence) {
        return false;
    }
    let text: String = text.lines().filter(|line| !is_comment(line)).flat_map(|line| [line, "\n"]).collect();
    describes_services(&text) || has_start_command(&text) || has_start_of_values(&text)
}

/// Whether a line is one of prose: words alone, the first with a capital letter.
fn is_sentence(line: &str) -> bool {
    let is_of_prose = |ch: char| ch.is_alphanumeric() || " .,:;'()!?-".contains(ch);
    line.starts_with(char::is_uppercase)
        && line.split_whitespace().count() > 2
        && line.trim_end().chars().all(is_of_prose)
}

/// Whether a line is a comment in one of the usual forms.
pub(super) fn is_comment(line: &str) -> bool {
    let line = line.trim_start();
    let is_of_block = line.strip_prefix("* ").is_some_and(|rest| rest.starts_with(|ch: char| ch.is_alphabetic()));
    is_of_block || ["#", "//", ";", "-- ", "<!--", "/*"].iter().any(|begin| line.starts_with(begin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_is_found_in_any_form_but_a_comment() {
        for text in [
            "[alias]\n\task = \"!docker run x\"",
            "<string>docker</string>\n<string>run</string>",
            "command=/usr/bin/docker\ncommand_args=\"run --rm x\"",
            "pane command=\"docker\" { args \"run\" \"x\" }",
            "services:\n  a:\n    image: x",
        ] {
            assert!(holds_start(text), "{text}");
        }
        for text in [
            "# docker run x",
            "// docker run x",
            " * use docker run x",
            "docker build .",
            "How to try it:\n  docker run x",
            "\"docker\"\n\"ps\"",
        ] {
            assert!(!holds_start(text), "{text}");
        }
    }

    #[test]
    fn names_in_capitals_are_documents() {
        assert!(is_document_name("README") && is_document_name("THIRD_PARTY-NOTICES"));
        assert!(!is_document_name("user-data") && !is_document_name("Makefile"));
    }
}
