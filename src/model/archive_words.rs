//! What commands pack into archives and unpack from them, by their words. Uses `call_words`, `container_words` and
//! `copied_files`.

use std::borrow::Borrow;

use super::call_words::{exclusions, operands, program_name};
use super::container_words::{command_inside, copied_out};
use super::copied_files::WordsOfCopy;
use super::path_in_container::{NamedContainer, PathInContainer};
use super::{Invocation, Word};

/// Calls before one that unpacks an archive among which the one is looked for that packed it.
const MAX_EARLIER: usize = 64;
/// Names that mean an archive is the input or output.
const STREAMS: [&str; 3] = ["-", "/dev/stdout", "/dev/stdin"];

/// What a command packs.
#[derive(Default)]
struct Packing {
    /// The file; none where it is the output.
    archive: Option<Word>,
    members: Vec<PackedMember>,
    excluded: Vec<String>,
}

/// One thing that is packed.
struct PackedMember {
    from: Word,
    /// Whether it is the whole directory, without its own name.
    whole: bool,
    /// The path that it has in the archive, where that is more than its last component.
    within: Option<String>,
}

/// What a command unpacks: an archive, and where to.
struct Unpacking {
    /// The file; none where it is the input.
    archive: Option<Word>,
    to: Word,
    /// Whether the first components of the paths are left out.
    strips: bool,
}

/// What a call that unpacks an archive copies, of what the nearest call before packed; `to` of another program's input.
pub(super) fn unpacked_files<'a>(
    call: &Invocation,
    mut before: impl Iterator<Item = &'a Invocation>,
) -> Vec<WordsOfCopy> {
    let Some(unpacking) = unpacking_of(call) else { return Vec::new() };
    let mut excluded = exclusions(call);
    let Some(packing) = before.find_map(packing_by) else { return Vec::new() };
    excluded.extend(packing.excluded.iter().cloned());
    let copy = |member: &PackedMember| {
        let to = match &member.within {
            Some(within) if !unpacking.strips => Word::parse(&format!("{}/{within}", &*unpacking.to)),
            _ => unpacking.to.clone(),
        };
        let whole = member.whole || member.within.is_some();
        let copy = WordsOfCopy::plain(&member.from, &to);
        WordsOfCopy { whole, contents: member.whole, excluded: excluded.clone(), ..copy }
    };
    packing.members.iter().map(copy).collect()
}

/// What a command unpacks that is fed the archive which the nearest call before packs, into a directory.
pub(super) fn fed_archive<'a>(mut before: impl Iterator<Item = &'a Invocation>, to: &Word) -> Vec<WordsOfCopy> {
    let Some(packing) = before.find_map(packing_by) else { return Vec::new() };
    let copy = |member: &PackedMember| {
        let copy = WordsOfCopy::plain(&member.from, to);
        WordsOfCopy { whole: member.whole, contents: member.whole, excluded: packing.excluded.clone(), ..copy }
    };
    packing.members.iter().map(copy).collect()
}

/// The call that packed the archive which a call unpacks, where both name it; `number` is the call's among all.
pub(crate) fn packing_of<'c, C: Borrow<Invocation>>(
    call: &Invocation,
    all: &'c [C],
    number: usize,
) -> Option<&'c Invocation> {
    let archive = unpacking_of(call)?.archive?;
    let earlier = || all.iter().take(number).rev().take(MAX_EARLIER).map(|one| -> &Invocation { one.borrow() });
    let is_same = |file: &Word| is_archive(&archive, file);
    let (at, written) = earlier().enumerate().find(|(_, one)| {
        let packed = packing_by(one).and_then(|packing| packing.archive);
        packed.or_else(|| one.output.clone()).is_some_and(|file| is_same(&file))
    })?;
    if packing_by(written).is_some() {
        return Some(written);
    }
    // What packs it may go through a filter: `tar -c . | gzip > FILE`.
    let line = |call: &Invocation| (call.span.file, call.span.start.line);
    let mut through = earlier().skip(at + 1).take_while(|one| line(one) == line(written));
    through.find(|one| packing_by(one).is_some())
}

/// Whether two words name one archive: `zip` adds an ending to a name without one.
fn is_archive(one: &Word, other: &Word) -> bool {
    let plain = |word: &Word| word.strip_suffix(".zip").map_or_else(|| word.to_string(), str::to_owned);
    **one == **other || plain(one) == plain(other)
}

/// What a call packs.
fn packing_by(call: &Invocation) -> Option<Packing> {
    if let Some(inside) = command_inside(call) {
        let packing = packing_by(&inside.call)?;
        return Some(packing.inside(&inside.container));
    }
    match program_name(call) {
        "tar" | "bsdtar" | "gtar" if has_letter(call, 'c', "--create") => {
            let members =
                tar_members(call).into_iter().map(|member| PackedMember::of_word(member, &packed_directory(call)));
            Some(Packing {
                archive: tar_archive(call).cloned().or_else(|| call.output.clone()),
                members: members.collect(),
                excluded: exclusions(call),
            })
        }
        "zip" => {
            let operands = before_option(call, "-x");
            let (archive, members) = operands.split_first()?;
            let directory = call.directory.clone().unwrap_or(Word::literal("."));
            let members = members.iter().map(|member| PackedMember::of_word(member, &directory));
            let archive = Some((*archive).clone()).filter(|archive| !STREAMS.contains(&&**archive));
            Some(Packing { archive, members: members.collect(), excluded: names_after(call, "-x") })
        }
        "7z" | "7za" | "7zr" | "7zz" => {
            let operands = operands(call);
            let [command, archive, members @ ..] = operands.as_slice() else { return None };
            let directory = call.directory.clone().unwrap_or(Word::literal("."));
            // It keeps no directories above what it is given.
            let member = |member: &&Word| PackedMember { within: None, ..PackedMember::of_word(member, &directory) };
            let members = members.iter().map(member).collect();
            (***command == *"a").then(|| Packing { archive: Some((*archive).clone()), members, excluded: Vec::new() })
        }
        _ => {
            let inside = copied_out(call).filter(|(_, to)| STREAMS.contains(&&***to))?.0;
            let member = PackedMember { from: inside.to_word(), whole: inside.path.ends_with("/."), within: None };
            Some(Packing { archive: call.output.clone(), members: vec![member], excluded: Vec::new() })
        }
    }
}

/// What a call unpacks.
fn unpacking_of(call: &Invocation) -> Option<Unpacking> {
    let here = || Word::literal(".");
    match program_name(call) {
        "tar" | "bsdtar" | "gtar" if has_letter(call, 'x', "--extract") => Some(Unpacking {
            archive: tar_archive(call).cloned().or_else(|| call.input.clone()),
            to: tar_directory(call).unwrap_or_else(here),
            strips: call.argv.iter().any(|word| word.starts_with("--strip")),
        }),
        "unzip" => {
            let directory = value_after(call, "-d").or_else(|| attached_value(call, "-d"));
            let archive = before_option(call, "-d").first().map(|archive| (*archive).clone());
            let strips = call.argv.iter().any(|word| super::is_letter(word, 'j'));
            Some(Unpacking { archive, to: directory.unwrap_or_else(here), strips })
        }
        "7z" | "7za" | "7zr" | "7zz" => {
            let operands = operands(call);
            let [command, archive, ..] = operands.as_slice() else { return None };
            let to = attached_value(call, "-o").unwrap_or_else(here);
            let archive = Some((*archive).clone());
            matches!(&***command, "x" | "e").then_some(Unpacking { archive, to, strips: ***command == *"e" })
        }
        _ => None,
    }
}

impl PackedMember {
    /// What is packed by a word, in a directory.
    fn of_word(word: &Word, directory: &Word) -> Self {
        let whole = **word == *"." || word.ends_with("/.");
        if !word.starts_with(['/', '$', '~']) {
            let from = if whole { directory.clone() } else { Word::parse(&format!("{}/{}", &**directory, &**word)) };
            return Self { from, whole, within: None };
        }
        // The slash that a path begins with is left out of an archive.
        let path = word.strip_prefix('~').map_or_else(|| word.to_string(), |rest| format!("$HOME{rest}"));
        Self { from: word.clone(), whole, within: Some(path.trim_start_matches('/').to_owned()) }
    }
}

impl Packing {
    /// The same where the command runs in a container.
    fn inside(self, container: &NamedContainer) -> Self {
        let from = |word: &Word| PathInContainer { container: container.clone(), path: word.to_string() }.to_word();
        let members = self.members.into_iter();
        Self { members: members.map(|member| PackedMember { from: from(&member.from), ..member }).collect(), ..self }
    }
}

/// The words that are no options, up to one after which others mean something else.
fn before_option<'c>(call: &'c Invocation, option: &str) -> Vec<&'c Word> {
    let words = call.argv.iter().skip(1).take_while(|word| ***word != *option);
    words.filter(|word| !word.starts_with('-') || ***word == *"-").collect()
}

/// The last components of the words behind an option.
fn names_after(call: &Invocation, option: &str) -> Vec<String> {
    let words = call.argv.iter().skip_while(|word| ***word != *option).skip(1);
    words.filter_map(|word| word.rsplit('/').next().map(str::to_owned)).collect()
}

/// The word behind an option.
fn value_after(call: &Invocation, option: &str) -> Option<Word> {
    call.argv.iter().skip_while(|word| ***word != *option).nth(1).cloned()
}

/// What is written at once with an option: `-oDIRECTORY`.
fn attached_value(call: &Invocation, option: &str) -> Option<Word> {
    let attached = call.argv.iter().find_map(|word| word.strip_prefix(option).filter(|value| !value.is_empty()));
    attached.map(Word::parse)
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
