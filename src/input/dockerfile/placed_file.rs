//! The step of a build that puts a file at a path last, as far as that is certain: what a program is replaced by that was
//! installed there before. Uses `copy_effect`, `run_effect`, `run_words` and `transfer`.

use std::path::PathBuf;

use super::directories::ImageDirectories;
use super::effects::{CopyEffect, RunEffect};
use super::image::{BuildStep, CopySource, CopyStep, Image, RunStep};
use super::run_effect::may_mention;
use super::run_words::{PlainCall, PlainWord};
use crate::model::{Invocation, Word, join, parent_and_name};
use crate::text::{Sources, Span};

/// How many stages, links and moves are followed.
const MAX_HOPS: u32 = 16;
/// How many steps are looked at for one path.
const MAX_LOOKS: u32 = 4000;
/// Programs whose last word is the file that they make.
const COPIERS: [&str; 11] = ["aws", "az", "gcloud", "gh", "gsutil", "mc", "oras", "rclone", "rsync", "s3cmd", "scp"];
/// Programs whose output may be a program: they fetch or unpack it.
const PRINTERS: [&str; 14] = [
    "base64", "bsdtar", "bunzip2", "bzcat", "curl", "gunzip", "gzip", "tar", "unxz", "unzip", "wget", "xz", "zcat",
    "zstd",
];
/// Parts of paths at which installers put programs.
const OWN_PLACES: [&str; 3] = ["/.", "node_modules/", "/bin/"];

/// A file that a step of a build puts at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedFile {
    /// What it is.
    pub origin: PlacedOrigin,
    /// The step, as an index in the image's own.
    pub step: usize,
    /// Where that is written.
    pub span: Span,
}

/// What a build puts at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlacedOrigin {
    /// A file of the build context.
    File(PathBuf),
    /// A text that the Dockerfile has itself.
    Text,
    /// It cannot be looked at: why, as a clause.
    Unknown(String),
}

/// What a RUN puts at a path.
enum RunPlacement {
    Nothing,
    /// A file that it fetches or unpacks.
    Fetched,
    /// What stood at another path before.
    Moved(String),
    /// A link to this path.
    Link(String),
    /// It takes away what is there.
    Gone,
}

impl Image {
    /// The file that a step of the build puts last at an absolute path. `None` where no step is known to, and what is there
    /// comes from the base or from what the commands of the build install.
    pub fn placed_file(&self, path: &str, sources: &Sources) -> Option<PlacedFile> {
        PlacementSearch { sources, hops: MAX_HOPS, looks: MAX_LOOKS }.search_image(self, path.to_owned())
    }
}

struct PlacementSearch<'a> {
    sources: &'a Sources,
    hops: u32,
    looks: u32,
}

impl PlacementSearch<'_> {
    fn search_image(&mut self, image: &Image, mut path: String) -> Option<PlacedFile> {
        let mut moved: Option<(usize, Span)> = None;
        let mut end = image.steps.len();
        while let Some(at) = end.checked_sub(1) {
            end = at;
            let step = image.steps.get(at)?;
            self.looks = self.looks.checked_sub(1)?;
            let directories = ImageDirectories::before_step(image, at);
            let (number, span) = moved.unwrap_or((at, step.span()));
            let placed = |origin: PlacedOrigin| Some(PlacedFile { origin, step: number, span });
            match step.as_ref() {
                BuildStep::Unread(_) => {}
                BuildStep::Copy(copied) => match copied.effect_at(&path, &directories) {
                    CopyEffect::File(file) => return placed(PlacedOrigin::File(file)),
                    CopyEffect::Text(_) => return placed(PlacedOrigin::Text),
                    CopyEffect::Unknown(why) if copied.names_file(&path) => return placed(PlacedOrigin::Unknown(why)),
                    CopyEffect::Nothing | CopyEffect::Unknown(_) => {}
                    CopyEffect::Elsewhere(other, paths) => {
                        self.hops = self.hops.checked_sub(1)?;
                        let found = paths.into_iter().find_map(|path| self.search_image(&other, path));
                        if let Some(found) = found {
                            return placed(found.origin);
                        }
                    }
                },
                BuildStep::Run(ran) => match ran.placement_at(&path, &directories, self.sources) {
                    RunPlacement::Nothing => {}
                    RunPlacement::Gone => return None,
                    RunPlacement::Fetched => {
                        return placed(PlacedOrigin::Unknown("it is fetched while the image is built".to_owned()));
                    }
                    RunPlacement::Moved(from) => {
                        self.hops = self.hops.checked_sub(1)?;
                        moved = Some((number, span));
                        path = from;
                    }
                    RunPlacement::Link(target) => {
                        self.hops = self.hops.checked_sub(1)?;
                        moved = Some((number, span));
                        (path, end) = (target, image.steps.len());
                    }
                },
            }
        }
        let (step, span) = moved.filter(|_| !OWN_PLACES.iter().any(|place| path.contains(place)))?;
        let origin = PlacedOrigin::Unknown("it is made of something that is not in the Dockerfile".to_owned());
        Some(PlacedFile { origin, step, span })
    }
}

impl CopyStep {
    /// Whether it names a file itself, by its target or by the name of a source, so that what it puts there is surely meant.
    fn names_file(&self, path: &str) -> bool {
        let name = file_name(path);
        let is_named = |source: &CopySource| match source {
            CopySource::Path(source) | CopySource::Remote(source) => {
                let own = file_name(source.text.trim_end_matches('/'));
                !source.is_symbolic() && (own == name || self.unpacks && is_archive_of(own, name))
            }
            CopySource::Text { .. } => false,
        };
        !self.target.is_symbolic() && (self.target.text == path || self.sources.iter().any(is_named))
    }
}

impl RunStep {
    fn placement_at(&self, path: &str, directories: &ImageDirectories, sources: &Sources) -> RunPlacement {
        if !may_mention(self.command_text(), path) {
            return RunPlacement::Nothing;
        }
        let words = self.run_words(directories);
        let calls = self.plain_calls(words, sources);
        let mut at = path.to_owned();
        for (invocation, call) in self.invocations(sources).iter().zip(calls).rev() {
            let directory = self.directory_of(invocation);
            if makes_file(invocation, call, &directory, &at) {
                return RunPlacement::Fetched;
            }
            if !matches!(call.program.as_str(), "cp" | "install" | "ln" | "mv" | "rm" | "unlink") {
                continue;
            }
            match words.command_effect(call, &at, directories) {
                RunEffect::Gone => return RunPlacement::Gone,
                RunEffect::Link(target) => return RunPlacement::Link(target),
                RunEffect::Moved(from) | RunEffect::Through(from) => at = from,
                RunEffect::Nothing => {}
                RunEffect::Unknown { .. } => {
                    if let Some(from) = moved_from(call, &directory, &at) {
                        at = from;
                    }
                }
            }
        }
        if at == path { RunPlacement::Nothing } else { RunPlacement::Moved(at) }
    }

    /// Where a command of it runs.
    fn directory_of(&self, call: &Invocation) -> String {
        let own = self.working_dir.as_ref().map_or("/", |directory| directory.text.as_str());
        call.directory.as_ref().and_then(Word::known).map_or_else(|| own.to_owned(), |directory| join(own, directory))
    }
}

/// Whether a command fetches or unpacks a file to a path.
fn makes_file(invocation: &Invocation, call: &PlainCall, directory: &str, path: &str) -> bool {
    let is_path = |text: &str| !text.is_empty() && join(directory, text) == path;
    let is_printed = || {
        let output = invocation.output.as_ref().and_then(Word::known);
        PRINTERS.contains(&call.program.as_str()) && output.is_some_and(is_path)
    };
    // The value of `-o`, `-fsSLo`, `-O`, `--output` and `--output-document`.
    let takes_output = |option: &str| match option.strip_prefix("--") {
        Some(long) => long.starts_with("out"),
        None => option.starts_with('-') && option.ends_with(['o', 'O']),
    };
    let mut before = "";
    for word in call.arguments.iter().filter(|_| call.program != "ln") {
        let text = if word.open { "" } else { word.text.as_str() };
        let joined = text.split_once('=').filter(|(option, _)| option.starts_with("--out") || *option == "of");
        let attached = text.strip_prefix("-o").or_else(|| text.strip_prefix("-O"));
        let value = joined.map(|(_, value)| value).or(attached);
        if value.is_some_and(is_path) || (takes_output(before) && is_path(text)) {
            return true;
        }
        before = text;
    }
    is_printed() || lands_in(call, directory, path) || (COPIERS.contains(&call.program.as_str()) && is_path(before))
}

/// Whether a command unpacks or fetches a file by its own name into a directory: `tar -C DIRECTORY NAME`, `wget -P DIRECTORY
/// URL/NAME`, `curl -O URL/NAME`.
fn lands_in(call: &PlainCall, directory: &str, path: &str) -> bool {
    let unpacks = matches!(call.program.as_str(), "tar" | "bsdtar" | "unzip");
    let fetches = matches!(call.program.as_str(), "curl" | "wget");
    let words = || call.arguments.iter().map(|word| if word.open { "" } else { word.text.as_str() });
    let has_name_of_its_own =
        |word: &str| word == "--remote-name" || word.starts_with('-') && !word.starts_with("--") && word.ends_with('O');
    let is_named = call.program != "curl" || words().any(has_name_of_its_own);
    if !(unpacks || fetches && is_named) {
        return false;
    }
    let options: &[&str] =
        if unpacks { &["-C", "-d", "--directory"] } else { &["-P", "--directory-prefix", "--output-dir"] };
    let mut into = directory.to_owned();
    let mut named = Vec::new();
    let mut rest = words();
    while let Some(word) = rest.next() {
        let joined = word.split_once('=').filter(|(option, _)| options.contains(option));
        match joined {
            Some((_, value)) => into = join(directory, value),
            None if options.contains(&word) => into = join(directory, rest.next().unwrap_or_default()),
            None if word.starts_with('-') => {}
            None => named.push(word),
        }
    }
    let is_it = |word: &&str| {
        let last = file_name(word.trim_end_matches('/'));
        let is_there = join(&into, last) == path && (unpacks || word.contains("://"));
        is_there || unpacks && parent_and_name(path).is_some_and(|(at, name)| at == into && is_archive_of(last, name))
    };
    named.iter().any(is_it)
}

/// Whether a file is an archive that is named after a program (`NAME-1.2.tar.gz`).
fn is_archive_of(file: &str, program: &str) -> bool {
    let rest = file.strip_prefix(program).unwrap_or_default();
    let ending = file.rsplit('.').next().unwrap_or_default();
    rest.starts_with(['-', '_', '.']) && matches!(ending, "gz" | "tgz" | "xz" | "txz" | "zip" | "tar" | "zst" | "bz2")
}

/// Where a `cp`, `mv` or `install` of one file to a path has it from, where the directory that it runs in tells that.
fn moved_from(call: &PlainCall, directory: &str, path: &str) -> Option<String> {
    let mut plain = call.arguments.iter().filter(|word| word.open || !word.text.starts_with('-')).rev();
    let (target, source) = (plain.next()?, plain.next().filter(|source| !source.open && !source.text.is_empty())?);
    let is_known = |word: &PlainWord| !word.open && !word.text.is_empty();
    let target = is_known(target).then(|| join(directory, &target.text))?;
    let parent = parent_and_name(path).map(|(parent, _)| parent);
    let is_target = target == path || Some(target.as_str()) == parent && file_name(&source.text) == file_name(path);
    (call.program != "ln" && is_target).then(|| join(directory, &source.text))
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
