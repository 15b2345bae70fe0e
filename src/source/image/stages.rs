//! From a file's instructions to the image of one stage, on the stages below it. Uses `lines`, `expand` and `stage`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::rc::Rc;

use super::expand::{self, Scope};
use super::lines::{self, Instruction};
use super::stage::{self, Stage};
use super::words;
use super::{Base, From, Given, Image, Request, Step};
use crate::model::{EnvValue, EnvVar, Unseen, Value};
use crate::text::{FileId, SourceFile, Sources, Span, quoted};

/// How many stages may stand on each other.
const MAX_CHAIN: usize = 64;

/// Reads a Dockerfile and says what the stage that is asked for makes.
pub fn read(file: FileId, sources: &Sources, request: &Request) -> Image {
    let source = sources.get(file);
    let parsed = lines::parse(file, source.text());
    let mut stages: Vec<Written> = Vec::new();
    let mut unseen = Vec::new();
    let mut before = Vec::new();
    for instruction in parsed.instructions {
        match (instruction.keyword.as_str(), stages.last_mut()) {
            ("FROM", _) => stages.push(Written::new(instruction)),
            (_, Some(stage)) => stage.instructions.push(instruction),
            (_, None) => before.push(instruction),
        }
    }
    let unread = |(at, why)| Unseen { what: why, span: stage::span(file, &source, &at) };
    unseen.extend(parsed.problems.into_iter().map(unread));
    let mut build = Build {
        file,
        source: &source,
        sources,
        request,
        globals: BTreeMap::new(),
        made: stages.iter().map(|_| None).collect(),
        under_way: Vec::new(),
        stages,
        unseen,
    };
    for instruction in before {
        build.global(&instruction);
    }
    build.target()
}

/// A stage as it is written.
struct Written {
    from: Instruction,
    /// In small letters.
    name: Option<String>,
    instructions: Vec<Instruction>,
}

impl Written {
    fn new(from: Instruction) -> Self {
        let (_, rest) = words::flags(&from.rest, from.escape);
        let fields = words::fields(rest);
        let name = fields.get(1).filter(|word| words::text(word).eq_ignore_ascii_case("as")).and(fields.get(2));
        let name = name.map(|name| words::text(name).to_lowercase());
        Self { name, from, instructions: Vec::new() }
    }
}

pub(super) struct Build<'a> {
    pub(super) file: FileId,
    pub(super) source: &'a SourceFile,
    pub(super) sources: &'a Sources,
    pub(super) request: &'a Request<'a>,
    /// `ARG` before the first `FROM`.
    pub(super) globals: BTreeMap<String, EnvVar>,
    stages: Vec<Written>,
    made: Vec<Option<Rc<Image>>>,
    under_way: Vec<usize>,
    unseen: Vec<Unseen>,
}

impl Build<'_> {
    pub(super) fn span(&self, at: &Range<usize>) -> Span {
        stage::span(self.file, self.source, at)
    }

    /// `ARG` before the first `FROM`; nothing else may stand there.
    fn global(&mut self, instruction: &Instruction) {
        if instruction.keyword != "ARG" {
            let what = "an instruction before the first `FROM`, which no builder takes".to_owned();
            self.unseen.push(Unseen { what, span: self.span(&instruction.at) });
            return;
        }
        for word in words::named(&instruction.rest, instruction.escape) {
            let (name, default) = words::pair(word);
            let span = self.span(&instruction.bytes(name));
            let expanded = default.map(|default| self.in_globals(default, instruction.escape));
            let name = words::text(name);
            let value = match (self.request.args.get(&name), expanded) {
                (Some(given), _) => given.clone(),
                (None, Some(Ok(value))) => EnvVar { value: EnvValue::Set(value), span },
                (None, Some(Err(why))) => {
                    self.unseen.push(Unseen { what: format!("the default of {}: {why}", quoted(&name)), span });
                    EnvVar { value: EnvValue::Inherited, span }
                }
                (None, None) => EnvVar { value: EnvValue::Inherited, span },
            };
            self.globals.insert(name, value);
        }
    }

    fn in_globals(&self, chars: &[lines::Ch], escape: char) -> Result<Value, expand::Bad> {
        let scope = Scope { env: &BTreeMap::new(), args: &self.globals, unclear: &BTreeSet::new(), open: true };
        expand::expand(chars, escape, true, &scope)
    }

    fn target(mut self) -> Image {
        let wanted = self.request.target.map(str::to_lowercase);
        let number = match &wanted {
            None => self.stages.len().checked_sub(1),
            Some(name) => self.numbered(name),
        };
        let found = number.and_then(|number| self.stage(number));
        let mut image = found.map(|image| Image::clone(&image)).unwrap_or_default();
        let start = Span::file_start(self.file);
        match number {
            Some(_) => {}
            None if self.stages.is_empty() => {
                let what = "the Dockerfile has no `FROM`, so that it describes no image".to_owned();
                image.unseen.push(Unseen { what, span: start });
            }
            None => {
                let names: Vec<_> = self.stages.iter().filter_map(|stage| Some(quoted(stage.name.as_ref()?))).collect();
                let listed = if names.is_empty() { "none has a name".into() } else { names.join(", ") };
                let what = format!("the Dockerfile has no stage of the name that is asked for; it has {listed}");
                image.unseen.push(Unseen { what, span: start });
            }
        }
        image.unseen.splice(0..0, self.unseen);
        image
    }

    /// A stage's number by its name, or that it is called by its number.
    fn numbered(&self, name: &str) -> Option<usize> {
        let named = self.stages.iter().rposition(|stage| stage.name.as_deref() == Some(name));
        named.or_else(|| name.parse().ok().filter(|number| *number < self.stages.len()))
    }

    /// The image of a stage; `None` where it stands on itself, or too high.
    fn stage(&mut self, number: usize) -> Option<Rc<Image>> {
        if let Some(image) = self.made.get(number).and_then(Option::as_ref) {
            return Some(Rc::clone(image));
        }
        if self.under_way.contains(&number) || self.under_way.len() >= MAX_CHAIN {
            return None;
        }
        self.under_way.push(number);
        let from = self.stages.get(number)?.from.clone();
        let instructions = std::mem::take(&mut self.stages.get_mut(number)?.instructions);
        let image = self.base(number, &from);
        let triggers = image.triggers.clone();
        let mut stage = Stage::new(self, image);
        for instruction in triggers.iter().map(Rc::as_ref).chain(&instructions) {
            stage.instruction(instruction);
        }
        let image = Rc::new(stage.finished());
        self.under_way.pop();
        *self.made.get_mut(number)? = Some(Rc::clone(&image));
        Some(image)
    }

    /// What a stage begins as.
    fn base(&mut self, number: usize, from: &Instruction) -> Image {
        let (_, rest) = words::flags(&from.rest, from.escape);
        let word = words::fields(rest).into_iter().next().unwrap_or_default();
        let span = self.span(&from.bytes(word));
        let unread = |what: String| Image {
            base: Base::Unread,
            unseen: vec![Unseen { what, span }],
            steps: vec![Rc::new(Step::Unread(span))],
            ..Image::default()
        };
        let name = match self.in_globals(word, from.escape) {
            Ok(name) if !name.text.is_empty() => Value { span: Some(span), ..name },
            Ok(_) => return unread("a `FROM` without a name".to_owned()),
            Err(why) => return unread(format!("the name of this `FROM`: {why}")),
        };
        if !name.is_symbolic() {
            let small = name.text.to_lowercase();
            let below = self.stages.iter().take(number).rposition(|stage| stage.name.as_ref() == Some(&small));
            if let Some(below) = below {
                return match self.stage(below) {
                    Some(image) => Image::clone(&image),
                    None => unread(format!("more than {MAX_CHAIN} stages on each other")),
                };
            }
            match (self.request.bases)(&name.text) {
                Some(Given::Image(image)) => {
                    return Image { unseen: Vec::new(), stored: false, ..Image::clone(&image) };
                }
                Some(Given::Context(_)) => return unread("a directory as the base, which is not read".to_owned()),
                None => {}
            }
            if name.text == "scratch" {
                return stage::scratch(span);
            }
        }
        Image { base: Base::Named(name), ..Image::default() }
    }

    /// What `--from` names.
    pub(super) fn source(&mut self, name: &str, span: Span) -> From {
        let elsewhere = || From::Image(Value::known(name, Some(span)));
        let Some(number) = self.numbered(&name.to_lowercase()) else {
            return match (self.request.bases)(name) {
                Some(Given::Image(image)) => From::Stage(image),
                Some(Given::Context(context)) => From::Context(Some(context)),
                None => elsewhere(),
            };
        };
        match self.stage(number) {
            Some(image) => From::Stage(image),
            None => {
                let what = "stages that copy from each other, which no builder takes".to_owned();
                self.unseen.push(Unseen { what, span });
                elsewhere()
            }
        }
    }
}
