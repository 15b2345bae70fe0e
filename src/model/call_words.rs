//! The words of a call: its program, its operands and its options. May use `script` and `word`.

use super::{Invocation, Word};

/// The last component of the program's path.
pub(crate) fn program_name(call: &Invocation) -> &str {
    call.argv.first().map_or("", |word| word.rsplit('/').next().unwrap_or(word))
}

/// Whether a word is a short option, or several, with a letter among them.
pub(crate) fn is_letter(word: &str, letter: char) -> bool {
    word.strip_prefix('-').is_some_and(|letters| !letters.starts_with('-') && letters.contains(letter))
}

/// The words that are no options; `-t DIR` is put last, where it means the same.
pub(crate) fn operands(call: &Invocation) -> Vec<&Word> {
    let mut operands = Vec::new();
    let mut into = None;
    let mut options = true;
    let mut words = call.argv.iter().skip(1);
    // To others `-t` is something else: rsync keeps times by it.
    let takes_directory = matches!(program_name(call), "cp" | "install" | "ln" | "mv");
    while let Some(word) = words.next() {
        match &**word {
            "--" if options => options = false,
            "-t" | "--target-directory" if options => into = words.next(),
            cluster if options && takes_directory && is_letter(cluster, 't') && cluster.ends_with('t') => {
                into = words.next();
            }
            "-m" | "-o" | "-g" | "-S" | "--mode" | "--owner" | "--group" | "--exclude" if options => _ = words.next(),
            option if options && option.starts_with('-') && option.len() > 1 => {}
            _ => operands.push(word),
        }
    }
    operands.extend(into);
    operands
}

/// The last components of what options leave out.
pub(super) fn exclusions(call: &Invocation) -> Vec<String> {
    let mut found = Vec::new();
    let mut words = call.argv.iter().skip(1);
    while let Some(word) = words.next() {
        let excluded = match word.strip_prefix("--exclude=") {
            Some(name) => Some(name.to_owned()),
            None if **word == *"--exclude" => words.next().map(Word::to_string),
            None => None,
        };
        found.extend(excluded.and_then(|path| path.rsplit('/').next().map(str::to_owned)));
    }
    found
}
