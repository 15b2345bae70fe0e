//! What commands that copy files copy from where to where, by their words. May use the words and calls of the model.

use std::borrow::Borrow;

use super::{Invocation, Word, content_of_file, files_of_contents};

/// A file or directory that a command copies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WordsOfCopy {
    /// What is copied.
    pub(crate) from: Word,
    /// The file or directory that it becomes, or comes into.
    pub(crate) to: Word,
    /// Whether all that is in `from` comes along.
    pub(crate) whole: bool,
    /// Whose path `to` is, where it is another container's (`docker cp`).
    pub(crate) recipient: Option<Recipient>,
    /// Names that are left out.
    pub(crate) excluded: Vec<String>,
    /// Whether names that begin with a dot are left out of what is directly in `from`, unless a shell is told otherwise:
    /// they do not fit a star.
    pub(crate) skips_hidden: bool,
}

impl WordsOfCopy {
    /// What is copied, as it is shown.
    pub(crate) fn shown_origin(&self) -> String {
        let entry = keychain_entry(&self.from).map(|entry| format!("{entry} of the keychain"));
        let file = || files_of_contents(&self.from).next().map(str::to_owned);
        entry.or_else(file).unwrap_or_else(|| self.from.to_string())
    }
}

/// Whom a command copies something to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Recipient {
    /// A container, by its name.
    Container(String),
    /// A service of Compose.
    Service(String),
}

/// Programs that print their words.
const PRINTERS: [&str; 2] = ["echo", "printf"];
/// Programs that write what they read.
const WRITERS: [&str; 11] = ["cat", "jq", "sed", "head", "tail", "tr", "zcat", "gunzip", "gzip", "base64", "security"];
/// Names by which a command is told to read its input.
const INPUTS: [&str; 3] = ["-", "/dev/stdin", "/proc/self/fd/0"];
/// What the name of an entry of a keychain has before it in the word for what it holds.
const KEYCHAIN: &str = "${keychain ";
/// Calls before one in its line whose output it may read.
const MAX_BEFORE: usize = 8;
/// Calls before one that unpacks an archive among which the one is looked for that packed it.
const MAX_EARLIER: usize = 64;

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
                fed.iter().map(|from| plain_copy(from, &copy.to)).collect()
            };
            copies.into_iter().flat_map(of_input).collect()
        }
        // A hard link is the file itself.
        "ln" if !call.argv.iter().any(|word| word == "--symbolic" || is_letter(word, 's')) => copied_operands(call),
        "dd" => {
            let named = |name: &str| call.argv.iter().find_map(|word| Some(Word::parse(word.strip_prefix(name)?)));
            let Some(to) = named("of=").or_else(|| call.output.clone()) else { return Vec::new() };
            let from = named("if=").map_or_else(|| fed_files(call, before), |from| vec![from]);
            from.iter().map(|from| plain_copy(from, &to)).collect()
        }
        "docker" | "podman" | "nerdctl" | "finch" | "docker-compose" => copied_into_container(call, before),
        "tar" => unpacked_archive(call, before),
        "cpio" => passed_through(call, before),
        "tee" => {
            let from = fed_files(call, before);
            let pair = |to: &&Word| from.iter().map(|from| plain_copy(from, to)).collect::<Vec<_>>();
            operands(call).iter().flat_map(pair).collect()
        }
        name if WRITERS.contains(&name) || PRINTERS.contains(&name) => {
            let Some(output) = &call.output else { return Vec::new() };
            let own = read_files(call);
            let from = if own.is_empty() && WRITERS.contains(&name) { piped_files(before) } else { own };
            from.iter().map(|from| plain_copy(from, output)).collect()
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

/// The entry of a keychain whose text a word stands for.
pub(crate) fn keychain_entry(word: &str) -> Option<&str> {
    word.strip_prefix(KEYCHAIN)?.strip_suffix('}')
}

/// The last component of the program's path.
pub(crate) fn program_name(call: &Invocation) -> &str {
    call.argv.first().map_or("", |word| word.rsplit('/').next().unwrap_or(word))
}

fn plain_copy(from: &Word, to: &Word) -> WordsOfCopy {
    WordsOfCopy {
        from: from.clone(),
        to: to.clone(),
        whole: false,
        recipient: None,
        excluded: Vec::new(),
        skips_hidden: false,
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
        let from = from.strip_suffix("/*").map_or_else(|| (*from).clone(), Word::parse);
        WordsOfCopy { whole, excluded: excluded.clone(), skips_hidden, ..plain_copy(&from, to) }
    };
    from.iter().map(copy).collect()
}

/// `docker cp FROM CONTAINER:TO`, `docker compose cp FROM SERVICE:TO`; `-` is an archive that it is fed.
fn copied_into_container<'a>(call: &Invocation, before: impl Iterator<Item = &'a Invocation>) -> Vec<WordsOfCopy> {
    let operands = operands(call);
    let Some(at) = operands.iter().position(|word| ***word == *"cp") else { return Vec::new() };
    let [.., from, to] = operands.get(at + 1..).unwrap_or_default() else { return Vec::new() };
    let Some((name, path)) = to.split_once(':').filter(|_| !from.contains(':')) else { return Vec::new() };
    let is_service = program_name(call) == "docker-compose"
        || operands.iter().take(at).any(|word| ***word == *"compose" || ***word == *"container-compose");
    let recipient = if is_service { Recipient::Service } else { Recipient::Container }(name.to_owned());
    let to = Word::parse(path);
    let copies = if INPUTS.contains(&&***from) {
        packed_files(before, &to, Vec::new())
    } else {
        vec![WordsOfCopy { whole: true, ..plain_copy(from, &to) }]
    };
    copies.into_iter().map(|copy| WordsOfCopy { recipient: Some(recipient.clone()), ..copy }).collect()
}

/// `tar -C FROM -c . | tar -C TO -x`.
fn unpacked_archive<'a>(call: &Invocation, before: impl Iterator<Item = &'a Invocation>) -> Vec<WordsOfCopy> {
    if !has_letter(call, 'x', "--extract") {
        return Vec::new();
    }
    let to = tar_directory(call).unwrap_or(Word::literal("."));
    packed_files(before, &to, exclusions(call))
}

/// What the nearest `tar` before a command packs, as what comes into a directory; `excluded` is left out there.
fn packed_files<'a>(
    before: impl Iterator<Item = &'a Invocation>,
    to: &Word,
    mut excluded: Vec<String>,
) -> Vec<WordsOfCopy> {
    let mut packing = before.filter(|before| program_name(before) == "tar" && has_letter(before, 'c', "--create"));
    let Some(packing) = packing.next() else { return Vec::new() };
    let from = packed_directory(packing);
    excluded.extend(exclusions(packing));
    let members = tar_members(packing);
    let copy = |member: &&Word| {
        let whole = ***member == *"." || member.ends_with("/.");
        let from = if whole { from.clone() } else { Word::parse(&format!("{}/{}", &*from, &***member)) };
        WordsOfCopy { whole, excluded: excluded.clone(), ..plain_copy(&from, to) }
    };
    members.iter().map(copy).collect()
}

/// The call that packed the archive which a call unpacks, where both name it; `number` is the call's among all.
pub(crate) fn packing_of<'c, C: Borrow<Invocation>>(
    call: &Invocation,
    all: &'c [C],
    number: usize,
) -> Option<&'c Invocation> {
    if program_name(call) != "tar" || !has_letter(call, 'x', "--extract") {
        return None;
    }
    let archive = tar_archive(call)?;
    let earlier = all.iter().take(number).rev().take(MAX_EARLIER).map(Borrow::borrow);
    let mut packing = earlier.filter(|one| program_name(one) == "tar" && has_letter(one, 'c', "--create"));
    packing.find(|one| tar_archive(one).is_some_and(|own| **own == **archive))
}

/// The file that `tar` packs into or out of; none where that is its output or input.
fn tar_archive(call: &Invocation) -> Option<&Word> {
    let mut words = call.argv.iter().skip(1).enumerate();
    while let Some((number, word)) = words.next() {
        let letters = word.strip_prefix('-').filter(|letters| !letters.starts_with('-'));
        let letters = letters.or_else(|| Some(&**word).filter(|_| number == 0));
        if **word == *"--file" || letters.is_some_and(|letters| letters.ends_with('f')) {
            return words.next().map(|(_, file)| file).filter(|file| ***file != *"-");
        }
    }
    None
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
    vec![WordsOfCopy { whole: true, ..plain_copy(&from, to) }]
}

/// The directory out of which `tar` packs: its option's, below the one that it runs in.
fn packed_directory(packing: &Invocation) -> Word {
    match (tar_directory(packing), &packing.directory) {
        (None, Some(directory)) => directory.clone(),
        (None, None) => Word::literal("."),
        (Some(option), Some(directory)) if !option.starts_with(['/', '$', '~']) => {
            Word::parse(&format!("{}/{}", &**directory, &*option))
        }
        (Some(option), _) => option,
    }
}

/// Whether `tar` is told to do something: by the letters of its first word, of options, or a long option.
fn has_letter(call: &Invocation, letter: char, long: &str) -> bool {
    let letters = |(number, word): (usize, &Word)| {
        let option = word.strip_prefix('-').filter(|letters| !letters.starts_with('-'));
        option.or_else(|| Some(&**word).filter(|_| number == 0)).is_some_and(|letters| letters.contains(letter))
    };
    call.argv.iter().skip(1).enumerate().any(|(number, word)| **word == *long || letters((number, word)))
}

fn tar_directory(call: &Invocation) -> Option<Word> {
    let mut words = call.argv.iter().skip(1);
    while let Some(word) = words.next() {
        if matches!(&**word, "-C" | "--directory") || word.starts_with('-') && word.ends_with('C') {
            return words.next().cloned();
        }
        if let Some(directory) = word.strip_prefix("--directory=") {
            return Some(Word::parse(directory));
        }
    }
    None
}

fn tar_members(call: &Invocation) -> Vec<&Word> {
    let mut members = Vec::new();
    let mut words = call.argv.iter().skip(1).enumerate();
    while let Some((number, word)) = words.next() {
        let takes_next = matches!(&**word, "-C" | "--directory" | "-f" | "--file" | "--exclude" | "-X" | "-T")
            || word.starts_with('-') && !word.starts_with("--") && word.ends_with(['f', 'C'])
            || number == 0 && !word.starts_with('-') && word.ends_with('f');
        if takes_next {
            words.next();
        } else if !word.starts_with('-') && number > 0 {
            members.push(word);
        }
    }
    members
}

/// The last components of what options leave out.
fn exclusions(call: &Invocation) -> Vec<String> {
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

fn is_recursive(word: &str) -> bool {
    matches!(word, "--recursive" | "--archive") || ['r', 'R', 'a'].iter().any(|letter| is_letter(word, *letter))
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
