//! `cp`, `mv`, `install` and `ln`: where what stands at a path then comes from. Uses `operand`.

use super::find_file::Tree;
use super::run_effect::Effect;
use super::run_words::{Plain, Relation, Words, rebased};
use super::wildcard::{component, is_pattern};
use crate::model::{join, parent_and_name};

/// What is transferred where.
struct Operands<'a> {
    sources: Vec<&'a Plain>,
    target: &'a Plain,
    /// Whether the target is a directory for sure (`-t`, several sources, a slash), or is none (`-T`).
    into: Option<bool>,
    symbolic: bool,
    relative: bool,
}

fn operands<'a>(program: &str, arguments: &'a [Plain]) -> Option<Operands<'a>> {
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
                    return Some(Operands { sources: Vec::new(), target: word, into: None, symbolic, relative });
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
    Some(Operands { sources: plain, target, into, symbolic, relative })
}

/// What the command does to a path; `None` where it may do something that is not understood.
pub(super) fn effect(words: &Words, program: &str, arguments: &[Plain], path: &str, tree: &Tree) -> Option<Effect> {
    let related = || arguments.iter().any(|word| words.relate_word(word, path) >= Relation::Perhaps);
    let Some(given) = operands(program, arguments) else {
        return (!related()).then_some(Effect::Nothing);
    };
    let installs_directories = given.sources.is_empty() && program == "install";
    if installs_directories {
        return Some(Effect::Nothing);
    }
    if given.sources.is_empty() && program == "ln" {
        // A link in the working directory, by the name of what it leads to.
        return (!ends_alike(given.target, path)).then_some(Effect::Nothing);
    }
    let known = (!given.target.open).then(|| words.absolute(&given.target.text)).flatten();
    let Some(target) = known else {
        let may = given.sources.iter().any(|source| ends_alike(source, path)) || ends_alike(given.target, path);
        let moves = program == "mv" && gone(words, &given, path);
        return (!may && !moves).then_some(Effect::Nothing);
    };
    let into = given.into.or_else(|| tree.is_directory(&target));
    for source in given.sources.iter().rev() {
        match one(words, program, &given, source, &target, into, path)? {
            Effect::Nothing => {}
            effect => return Some(effect),
        }
    }
    Some(if program == "mv" && gone(words, &given, path) { Effect::Gone } else { Effect::Nothing })
}

/// Whether a path is moved away.
fn gone(words: &Words, given: &Operands, path: &str) -> bool {
    given.sources.iter().any(|source| words.relate_word(source, path) > Relation::Perhaps)
}

fn ends_alike(word: &Plain, path: &str) -> bool {
    let last = word.text.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let (_, name) = parent_and_name(path).unwrap_or(("/", ""));
    (word.open && last.is_empty()) || last == name || (is_pattern(last) && component(last, name))
}

/// What one source does to a path.
fn one(
    words: &Words,
    program: &str,
    given: &Operands,
    source: &Plain,
    target: &str,
    into: Option<bool>,
    path: &str,
) -> Option<Effect> {
    let below = rebased(path, target, "/");
    let Some(below) = below else { return Some(Effect::Nothing) };
    if source.open {
        return None;
    }
    let name = source.text.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    if is_pattern(name) {
        let first = below.trim_start_matches('/').split('/').next().unwrap_or_default();
        let from = words.absolute(source.text.trim_end_matches('/'))?;
        let (parent, _) = parent_and_name(&from)?;
        return match component(name, first) {
            false => Some(Effect::Nothing),
            true if is_pattern(parent) || program == "ln" => None,
            true => Some(Effect::Moved(join(parent, below.trim_start_matches('/')))),
        };
    }
    // `dir/.` stands for what is in it.
    let contents = name == "." || name.is_empty();
    let landed = if contents { target.to_owned() } else { join(target, name) };
    // Below a target that may be a directory: whichever it is, the name has to be the same.
    let hangs = into.is_none() && path != target && program != "ln" && rebased(path, &landed, "/").is_some();
    if hangs {
        return None;
    }
    let lands = if into == Some(true) { landed } else { target.to_owned() };
    let symbolic = program == "ln" && given.symbolic;
    let from = if symbolic && !given.relative && !source.text.starts_with('/') {
        join(parent_and_name(&lands).map_or("/", |(parent, _)| parent), &source.text)
    } else {
        words.absolute(&source.text)?
    };
    let Some(moved) = rebased(path, &lands, &from) else { return Some(Effect::Nothing) };
    Some(match (symbolic, path == lands) {
        (true, true) => Effect::Link(moved),
        (true, false) => Effect::Through(moved),
        (false, _) => Effect::Moved(moved),
    })
}
