//! `cp`, `mv`, `install` and `ln`: where the file at a path then comes from. Uses `run_words`.

use super::directories::ImageDirectories;
use super::effects::RunEffect;
use super::run_words::{PathRelation, PlainWord, RunWords, rebase_path};
use super::wildcard::{is_pattern, matches_name};
use crate::model::{join, parent_and_name};

/// What is transferred where.
struct TransferOperands<'a> {
    sources: Vec<&'a PlainWord>,
    target: &'a PlainWord,
    /// Whether the target is a directory for sure (`-t`, several sources, a slash), or is none (`-T`).
    into: Option<bool>,
    symbolic: bool,
    relative: bool,
}

fn parse_operands<'a>(program: &str, arguments: &'a [PlainWord]) -> Option<TransferOperands<'a>> {
    let (mut plain, mut directory, mut single) = (Vec::new(), None, false);
    let (mut symbolic, mut relative) = (false, false);
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let text = word.text.as_str();
        match text {
            "-t" | "--target-directory" => directory = words.next(),
            "-T" | "--no-target-directory" => single = true,
            "-m" | "-o" | "-g" | "-S" | "--mode" | "--owner" | "--group" if program == "install" => _ = words.next(),
            "--" => {}
            _ if text.starts_with("--target-directory=") => return None,
            "--symbolic" => symbolic = true,
            "--relative" => relative = true,
            _ if text.starts_with('-') && text.len() > 1 && !word.open => {
                let short = !text.starts_with("--");
                symbolic |= short && text.contains('s');
                relative |= short && text.contains('r');
                // Directories alone are made.
                if program == "install" && (text == "--directory" || (short && text.contains('d'))) {
                    return Some(TransferOperands {
                        sources: Vec::new(),
                        target: word,
                        into: None,
                        symbolic,
                        relative,
                    });
                }
            }
            _ => plain.push(word),
        }
    }
    let target = match directory {
        Some(directory) => directory,
        None => plain.pop()?,
    };
    let surely = directory.is_some() || plain.len() > 1 || target.text.ends_with('/') || target.text == ".";
    let into = if single { Some(false) } else { surely.then_some(true) };
    Some(TransferOperands { sources: plain, target, into, symbolic, relative })
}

/// What the command does to a path; `None` where it may do something that is not understood.
pub(super) fn transfer_effect(
    words: &RunWords,
    program: &str,
    arguments: &[PlainWord],
    path: &str,
    directories: &ImageDirectories,
) -> Option<RunEffect> {
    let related = || arguments.iter().any(|word| words.relate_word(word, path) >= PathRelation::Perhaps);
    let Some(given) = parse_operands(program, arguments) else {
        return (!related()).then_some(RunEffect::Nothing);
    };
    let installs_directories = given.sources.is_empty() && program == "install";
    if installs_directories {
        return Some(RunEffect::Nothing);
    }
    if given.sources.is_empty() && program == "ln" {
        // A link in the working directory, by the name of what it leads to.
        return (!ends_alike(given.target, path)).then_some(RunEffect::Nothing);
    }
    let known = (!given.target.open).then(|| words.absolute_path(&given.target.text)).flatten();
    let Some(target) = known else {
        let may = given.sources.iter().any(|source| ends_alike(source, path)) || ends_alike(given.target, path);
        let moves = program == "mv" && is_moved_away(words, &given, path);
        return (!may && !moves).then_some(RunEffect::Nothing);
    };
    let into = given.into.or_else(|| directories.is_directory(&target));
    for source in given.sources.iter().rev() {
        match source_effect(words, program, &given, source, &target, into, path)? {
            RunEffect::Nothing => {}
            effect => return Some(effect),
        }
    }
    Some(if program == "mv" && is_moved_away(words, &given, path) { RunEffect::Gone } else { RunEffect::Nothing })
}

/// Whether a path is moved away.
fn is_moved_away(words: &RunWords, given: &TransferOperands, path: &str) -> bool {
    given.sources.iter().any(|source| words.relate_word(source, path) > PathRelation::Perhaps)
}

fn ends_alike(word: &PlainWord, path: &str) -> bool {
    let last = word.text.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let (_, name) = parent_and_name(path).unwrap_or(("/", ""));
    (word.open && last.is_empty()) || last == name || (is_pattern(last) && matches_name(last, name))
}

/// What one source does to a path.
fn source_effect(
    words: &RunWords,
    program: &str,
    given: &TransferOperands,
    source: &PlainWord,
    target: &str,
    into: Option<bool>,
    path: &str,
) -> Option<RunEffect> {
    let below = rebase_path(path, target, "/");
    let Some(below) = below else { return Some(RunEffect::Nothing) };
    if source.open {
        return None;
    }
    let name = source.text.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    if is_pattern(name) {
        let first = below.trim_start_matches('/').split('/').next().unwrap_or_default();
        let from = words.absolute_path(source.text.trim_end_matches('/'))?;
        let (parent, _) = parent_and_name(&from)?;
        return match matches_name(name, first) {
            false => Some(RunEffect::Nothing),
            true if is_pattern(parent) || program == "ln" => None,
            true => Some(RunEffect::Moved(join(parent, below.trim_start_matches('/')))),
        };
    }
    // `dir/.` stands for what is in it.
    let contents = name == "." || name.is_empty();
    let landed = if contents { target.to_owned() } else { join(target, name) };
    // Below a target that may be a directory: whichever it is, the name has to be the same.
    let hangs = into.is_none() && path != target && program != "ln" && rebase_path(path, &landed, "/").is_some();
    if hangs {
        return None;
    }
    let lands = if into == Some(true) { landed } else { target.to_owned() };
    let symbolic = program == "ln" && given.symbolic;
    let from = if symbolic && !given.relative && !source.text.starts_with('/') {
        join(parent_and_name(&lands).map_or("/", |(parent, _)| parent), &source.text)
    } else {
        words.absolute_path(&source.text)?
    };
    let Some(moved) = rebase_path(path, &lands, &from) else { return Some(RunEffect::Nothing) };
    Some(match (symbolic, path == lands) {
        (true, true) => RunEffect::Link(moved),
        (true, false) => RunEffect::Through(moved),
        (false, _) => RunEffect::Moved(moved),
    })
}
