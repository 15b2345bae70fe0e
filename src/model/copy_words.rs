//! What commands that copy files copy from where to where, by their words. Uses `call_words`, `archive_words`,
//! `container_words` and `copied_files`.

use std::borrow::Borrow;

use super::archive_words::{fed_archive, unpacked_files};
use super::call_words::{exclusions, is_letter, operands, program_name};
use super::container_words::{command_inside, container_and_path, copied_out, named_container};
use super::copied_files::{KEYCHAIN, WordsOfCopy};
use super::path_in_container::PathInContainer;
use super::{Invocation, Word, content_of_file, files_of_contents};

/// Programs that print their words.
const PRINTERS: [&str; 2] = ["echo", "printf"];
/// Programs that write what they read.
const WRITERS: [&str; 11] = ["cat", "jq", "sed", "head", "tail", "tr", "zcat", "gunzip", "gzip", "base64", "security"];
/// Names by which a command is told to read its input.
const INPUTS: [&str; 3] = ["-", "/dev/stdin", "/proc/self/fd/0"];
/// Calls before one in its line whose output it may read.
const MAX_BEFORE: usize = 8;

/// Whether one of the calls tells a shell that a star stands for names with a dot before them too.
pub(crate) fn shows_hidden<'a>(mut calls: impl Iterator<Item = &'a Invocation>) -> bool {
    calls.any(|call| call.argv.iter().any(|word| matches!(&**word, "dotglob" | "globdots" | "GLOB_DOTS" | "glob_dots")))
}

/// Whether the last component of a path begins with a sign of a pattern that stands for no dot there.
pub(crate) fn begins_with_star(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| name.starts_with(['*', '?', '[']))
}

/// The calls whose output a call may read: those written before it in its line, nearest first; `number` is the call's among
/// all.
pub(crate) fn earlier_in_line<'c, C: Borrow<Invocation>>(
    call: &Invocation,
    all: &'c [C],
    number: usize,
) -> impl Iterator<Item = &'c Invocation> {
    let line = |call: &Invocation| (call.span.file, call.span.start.line);
    let own = line(call);
    let before = all.iter().take(number).rev().map(|one| -> &'c Invocation { one.borrow() });
    before.take_while(move |before| line(before) == own).take(MAX_BEFORE)
}

/// What a call copies. `before` are the calls whose output it may read.
pub(crate) fn words_of_copies<'a>(call: &Invocation, before: impl Iterator<Item = &'a Invocation>) -> Vec<WordsOfCopy> {
    match program_name(call) {
        "cp" | "rsync" | "install" | "mv" | "link" => {
            let copies = copied_operands(call);
            if !copies.iter().any(|copy| INPUTS.contains(&&*copy.from)) {
                return copies;
            }
            let fed = fed_files(call, before);
            let of_input = |copy: WordsOfCopy| -> Vec<WordsOfCopy> {
                if !INPUTS.contains(&&*copy.from) {
                    return vec![copy];
                }
                fed.iter().map(|from| WordsOfCopy::plain(from, &copy.to)).collect()
            };
            copies.into_iter().flat_map(of_input).collect()
        }
        // A hard link is the file itself.
        "ln" if !call.argv.iter().any(|word| word == "--symbolic" || is_letter(word, 's')) => copied_operands(call),
        "dd" => {
            let named = |name: &str| call.argv.iter().find_map(|word| Some(Word::parse(word.strip_prefix(name)?)));
            let Some(to) = named("of=").or_else(|| call.output.clone()) else { return Vec::new() };
            let from = named("if=").map_or_else(|| fed_files(call, before), |from| vec![from]);
            from.iter().map(|from| WordsOfCopy::plain(from, &to)).collect()
        }
        "docker" | "podman" | "nerdctl" | "finch" | "docker-compose" => copied_by_engine(call, before),
        "tar" | "bsdtar" | "gtar" | "unzip" | "7z" | "7za" | "7zr" | "7zz" => unpacked_files(call, before),
        "cpio" => passed_through(call, before),
        "tee" => {
            let from = fed_files(call, before);
            let pair = |to: &&Word| from.iter().map(|from| WordsOfCopy::plain(from, to)).collect::<Vec<_>>();
            operands(call).iter().flat_map(pair).collect()
        }
        name if WRITERS.contains(&name) || PRINTERS.contains(&name) => {
            let Some(output) = &call.output else { return Vec::new() };
            let own = read_files(call);
            let from = if own.is_empty() && WRITERS.contains(&name) { piped_files(before) } else { own };
            from.iter().map(|from| WordsOfCopy::plain(from, output)).collect()
        }
        _ => Vec::new(),
    }
}

/// The files whose contents a call prints as they are, or in another form that loses nothing.
pub(crate) fn whole_files_read(call: &Invocation) -> Vec<Word> {
    let keeps_all = match program_name(call) {
        "" | "cat" | "base64" | "gzip" | "gunzip" | "zcat" | "tr" | "security" => true,
        // A filter takes out what it names.
        "jq" => operands(call).first().is_none_or(|filter| ***filter == *"." || filter.contains("refreshToken")),
        _ => false,
    };
    match &call.input {
        _ if !keeps_all => Vec::new(),
        Some(input) if call.argv.is_empty() => vec![input.clone()],
        _ => read_files(call),
    }
}

/// The files that a program reads whose output is a copy of them.
fn read_files(call: &Invocation) -> Vec<Word> {
    let name = program_name(call);
    if PRINTERS.contains(&name) {
        let contents = call.argv.iter().flat_map(|word| files_of_contents(word));
        return contents.map(|file| Word::parse(&content_of_file(file))).collect();
    }
    if name == "security" {
        return keychain_entries(call);
    }
    if let Some(inside) = command_inside(call) {
        let path =
            |word: Word| PathInContainer { container: inside.container.clone(), path: word.to_string() }.to_word();
        return read_files(&Invocation { output: None, input: None, ..inside.call }).into_iter().map(path).collect();
    }
    if !WRITERS.contains(&name) {
        return Vec::new();
    }
    // Their first operand says what to do.
    let skipped = usize::from(matches!(name, "jq" | "sed"));
    let named = operands(call).into_iter().skip(skipped).filter(|word| !INPUTS.contains(&&***word)).cloned();
    named.chain(call.input.clone()).collect()
}

/// The files whose contents a call reads as its input.
fn fed_files<'a>(call: &Invocation, before: impl Iterator<Item = &'a Invocation>) -> Vec<Word> {
    match &call.input {
        Some(input) => vec![input.clone()],
        None => piped_files(before),
    }
}

/// The files whose contents come through a pipe, through whatever writes what it reads in another form.
fn piped_files<'a>(before: impl Iterator<Item = &'a Invocation>) -> Vec<Word> {
    for call in before {
        let files = read_files(call);
        if !files.is_empty() || !WRITERS.contains(&program_name(call)) {
            return files;
        }
    }
    Vec::new()
}

/// `security find-generic-password -s ENTRY -w` of macOS: what it prints is the entry's text.
fn keychain_entries(call: &Invocation) -> Vec<Word> {
    let prints = call.argv.iter().any(|word| is_letter(word, 'w'));
    if !prints || !call.argv.iter().any(|word| word == "find-generic-password") {
        return Vec::new();
    }
    let services = call.argv.iter().zip(call.argv.iter().skip(1)).filter(|(option, _)| **option == *"-s");
    services.map(|(_, entry)| Word::parse(&format!("{KEYCHAIN}{}}}", &**entry))).collect()
}

fn copied_operands(call: &Invocation) -> Vec<WordsOfCopy> {
    let operands = operands(call);
    let Some((to, from)) = operands.split_last() else { return Vec::new() };
    let recursive = program_name(call) == "rsync" || call.argv.iter().any(|word| is_recursive(word));
    let excluded = exclusions(call);
    let copy = |from: &&Word| {
        let whole = recursive || from.ends_with("/*") || from.ends_with("/.");
        let skips_hidden = from.ends_with("/*");
        let contents = skips_hidden || from.ends_with("/.") || from.ends_with('/') && program_name(call) == "rsync";
        let from = from.strip_suffix("/*").map_or_else(|| (*from).clone(), Word::parse);
        WordsOfCopy { whole, contents, excluded: excluded.clone(), skips_hidden, ..WordsOfCopy::plain(&from, to) }
    };
    from.iter().map(copy).collect()
}

/// `docker cp FROM CONTAINER:TO`, `docker compose cp FROM SERVICE:TO` and the other way; `-` is an archive that it is fed.
/// What a command in a container prints goes into a file as well.
fn copied_by_engine<'a>(call: &Invocation, before: impl Iterator<Item = &'a Invocation>) -> Vec<WordsOfCopy> {
    if let Some((inside, to)) = copied_out(call) {
        let contents = inside.path.ends_with("/.");
        let copy = WordsOfCopy { whole: true, contents, ..WordsOfCopy::plain(&inside.to_word(), to) };
        return if INPUTS.contains(&&**to) { Vec::new() } else { vec![copy] };
    }
    if let Some(output) = call.output.as_ref().filter(|_| command_inside(call).is_some()) {
        return read_files(call).iter().map(|from| WordsOfCopy::plain(from, output)).collect();
    }
    let Some(at) = call.argv.iter().position(|word| **word == *"cp") else { return Vec::new() };
    let operands = operands(call);
    let [.., from, to] = operands.as_slice() else { return Vec::new() };
    let Some((name, path)) = container_and_path(to).filter(|_| !from.contains(':')) else { return Vec::new() };
    let recipient = named_container(call, at, name);
    let to = Word::parse(path);
    let copies = if INPUTS.contains(&&***from) {
        fed_archive(before, &to)
    } else {
        vec![WordsOfCopy { whole: true, contents: from.ends_with("/."), ..WordsOfCopy::plain(from, &to) }]
    };
    copies.into_iter().map(|copy| WordsOfCopy { recipient: Some(recipient.clone()), ..copy }).collect()
}

/// `find . | cpio -p DIRECTORY`: what is found is copied, from the directory that it is looked for in.
fn passed_through<'a>(call: &Invocation, mut before: impl Iterator<Item = &'a Invocation>) -> Vec<WordsOfCopy> {
    let passes = call.argv.iter().any(|word| is_letter(word, 'p') || word == "--pass-through");
    let found = before.next().filter(|one| passes && program_name(one) == "find");
    let Some((found, to)) = found.zip(operands(call).last().copied()) else { return Vec::new() };
    let from = operands(found).first().copied().cloned().unwrap_or_else(|| Word::literal("."));
    let from = match &found.directory {
        Some(directory) if !from.starts_with(['/', '$', '~']) => Word::parse(&format!("{}/{}", &**directory, &*from)),
        _ => from,
    };
    vec![WordsOfCopy { whole: true, contents: true, ..WordsOfCopy::plain(&from, to) }]
}

fn is_recursive(word: &str) -> bool {
    matches!(word, "--recursive" | "--archive") || ['r', 'R', 'a'].iter().any(|letter| is_letter(word, *letter))
}
