//! From a file's instructions to the image of one stage, on the stages below it. Uses
//! `instructions`, `build_variables` and `stage`.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::arguments;
use super::base_working_dir::base_working_dir;
use super::build_request::{BuildFile, BuildRequest};
use super::build_variables::{self, BuildVariables};
use super::image::{BaseImage, BuildStep, CopyOrigin, Image, NamedSource};
use super::instructions::{self, Instruction};
use super::source_chars::{SourceChar, text_of};
use super::stage::{self, Stage};
use crate::model::{EnvValue, EnvVar, Unseen, Value};
use crate::text::{FileId, Sources, Span, quoted};

/// How many stages may be built on each other.
const MAX_CHAIN: usize = 64;

/// Reads a Dockerfile and says what the stage that is asked for makes.
pub fn build_image(file: FileId, sources: &Sources, request: &BuildRequest) -> Image {
    let source = sources.get(file);
    let parsed = instructions::parse_instructions(file, source.text());
    let mut stages: Vec<WrittenStage> = Vec::new();
    let mut unseen = Vec::new();
    let mut before = Vec::new();
    for instruction in parsed.instructions {
        match (instruction.keyword.as_str(), stages.last_mut()) {
            ("FROM", _) => stages.push(WrittenStage::new(instruction)),
            (_, Some(stage)) => stage.instructions.push(instruction),
            (_, None) => before.push(instruction),
        }
    }
    let mut build = BuildFile { file, source: &source, sources, request, globals: BTreeMap::new() };
    for (at, what) in parsed.problems {
        unseen.push(Unseen { what, span: build.span_of(&at) });
    }
    for instruction in before {
        build.declare_global(&instruction, &mut unseen);
    }
    let made = stages.iter().map(|_| None).collect();
    StageBuilder { build: &build, made, under_way: Vec::new(), stages, unseen }.target_image()
}

/// A stage as it is written.
struct WrittenStage {
    from: Instruction,
    /// In small letters.
    name: Option<String>,
    instructions: Vec<Instruction>,
}

impl WrittenStage {
    fn new(from: Instruction) -> Self {
        let (_, rest) = arguments::split_flags(&from.rest, from.escape);
        let fields = arguments::split_blanks(rest);
        let name = fields.get(1).filter(|word| text_of(word).eq_ignore_ascii_case("as")).and(fields.get(2));
        let name = name.map(|name| text_of(name).to_lowercase());
        Self { name, from, instructions: Vec::new() }
    }
}

/// Makes the images of a file's stages, each once.
struct StageBuilder<'a> {
    build: &'a BuildFile<'a>,
    stages: Vec<WrittenStage>,
    made: Vec<Option<Rc<Image>>>,
    under_way: Vec<usize>,
    unseen: Vec<Unseen>,
}

impl BuildFile<'_> {
    /// `ARG` before the first `FROM`; nothing else is allowed there.
    fn declare_global(&mut self, instruction: &Instruction, unseen: &mut Vec<Unseen>) {
        if instruction.keyword != "ARG" {
            let what = "an instruction before the first `FROM`, which no builder takes".to_owned();
            unseen.push(Unseen { what, span: self.span_of(&instruction.at) });
            return;
        }
        for word in arguments::split_words(&instruction.rest, instruction.escape) {
            let (name, default) = arguments::split_pair(word);
            let span = self.span_of(&instruction.byte_range(name));
            let expanded = default.map(|default| self.expand_global(default, instruction.escape));
            let name = text_of(name);
            let value = match (self.request.args.get(&name), expanded) {
                (Some(given), _) => given.clone(),
                (None, Some(Ok(value))) => EnvVar::new(EnvValue::set(value), span),
                (None, Some(Err(why))) => {
                    unseen.push(Unseen { what: format!("the default of {}: {why}", quoted(&name)), span });
                    EnvVar::new(EnvValue::Inherited, span)
                }
                (None, None) => EnvVar::new(EnvValue::Inherited, span),
            };
            self.globals.insert(name, value);
        }
    }

    fn expand_global(&self, chars: &[SourceChar], escape: char) -> Result<Value, build_variables::Reason> {
        let scope =
            BuildVariables { env: &BTreeMap::new(), args: &self.globals, unclear: &BTreeSet::new(), open: true };
        build_variables::expand_text(chars, escape, true, &scope)
    }
}

impl StageBuilder<'_> {
    fn target_image(mut self) -> Image {
        let wanted = self.build.request.target.map(str::to_lowercase);
        let number = match &wanted {
            None => self.stages.len().checked_sub(1),
            Some(name) => self.stage_number(name),
        };
        let found = number.and_then(|number| self.stage_image(number));
        let mut image = found.map(|image| Image::clone(&image)).unwrap_or_default();
        let start = Span::file_start(self.build.file);
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
    fn stage_number(&self, name: &str) -> Option<usize> {
        let named = self.stages.iter().rposition(|stage| stage.name.as_deref() == Some(name));
        named.or_else(|| name.parse().ok().filter(|number| *number < self.stages.len()))
    }

    /// The image of a stage; `None` where it is built on itself, or on too many others.
    fn stage_image(&mut self, number: usize) -> Option<Rc<Image>> {
        if let Some(image) = self.made.get(number).and_then(Option::as_ref) {
            return Some(Rc::clone(image));
        }
        if self.under_way.contains(&number) || self.under_way.len() >= MAX_CHAIN {
            return None;
        }
        self.under_way.push(number);
        let from = self.stages.get(number)?.from.clone();
        let instructions = std::mem::take(&mut self.stages.get_mut(number)?.instructions);
        let image = self.base_image(number, &from);
        let triggers = image.triggers.clone();
        let build = self.build;
        let mut find_origin = |name: &str, span| self.copy_origin(name, span);
        let mut stage = Stage::new(build, image, &mut find_origin);
        for instruction in triggers.iter().map(Rc::as_ref).chain(&instructions) {
            stage.run_instruction(instruction);
        }
        let image = Rc::new(stage.into_image());
        self.under_way.pop();
        *self.made.get_mut(number)? = Some(Rc::clone(&image));
        Some(image)
    }

    /// What a stage begins as.
    fn base_image(&mut self, number: usize, from: &Instruction) -> Image {
        let (_, rest) = arguments::split_flags(&from.rest, from.escape);
        let word = arguments::split_blanks(rest).into_iter().next().unwrap_or_default();
        let span = self.build.span_of(&from.byte_range(word));
        let unread = |what: String| Image {
            base: BaseImage::Unread,
            unseen: vec![Unseen { what, span }],
            steps: vec![Rc::new(BuildStep::Unread(span))],
            ..Image::default()
        };
        let name = match self.build.expand_global(word, from.escape) {
            Ok(name) if !name.text.is_empty() => Value { span: Some(span), ..name },
            Ok(_) => return unread("a `FROM` without a name".to_owned()),
            Err(why) => return unread(format!("the name of this `FROM`: {why}")),
        };
        if !name.is_symbolic() {
            let small = name.text.to_lowercase();
            let below = self.stages.iter().take(number).rposition(|stage| stage.name.as_ref() == Some(&small));
            if let Some(below) = below {
                return match self.stage_image(below) {
                    Some(image) => Image::clone(&image),
                    None => unread(format!("more than {MAX_CHAIN} stages on each other")),
                };
            }
            match (self.build.request.bases)(&name.text) {
                Some(NamedSource::Image(image)) => {
                    return Image { unseen: Vec::new(), stored: false, ..Image::clone(&image) };
                }
                Some(NamedSource::Context(_)) => {
                    return unread("a directory as the base, which is not read".to_owned());
                }
                None => {}
            }
            if name.text == "scratch" {
                return stage::scratch(span);
            }
        }
        let working_dir = if name.is_symbolic() { None } else { base_working_dir(&name.text) };
        Image { base: BaseImage::Named(name), working_dir, ..Image::default() }
    }

    /// What `--from` names.
    fn copy_origin(&mut self, name: &str, span: Span) -> CopyOrigin {
        let Some(number) = self.stage_number(&name.to_lowercase()) else {
            return match (self.build.request.bases)(name) {
                Some(NamedSource::Image(image)) => CopyOrigin::Stage(image),
                Some(NamedSource::Context(context)) => CopyOrigin::Context(Some(context)),
                None => CopyOrigin::Image(Value::known(name, Some(span))),
            };
        };
        match self.stage_image(number) {
            Some(image) => CopyOrigin::Stage(image),
            None => {
                let what = "stages that copy from each other, which no builder takes".to_owned();
                self.unseen.push(Unseen { what, span });
                CopyOrigin::Image(Value::known(name, Some(span)))
            }
        }
    }
}
