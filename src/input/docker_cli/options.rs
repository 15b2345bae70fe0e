//! Reads a command's words as options and operands, as the Go library pflag does: clusters of letters, `=`, switches
//! that take a value after `=` alone, `--`. Uses `option_tables`, `engine_choice`, `model`
//! and `text`.

use super::cli_family::CliFamily;
use super::engine_choice::name_scope;
use super::option_tables::OptionTable;
use super::{Argument, CommandContext, ComposeProject, DockerCommand};
use crate::model::{PartialText, Symbol, Unseen, Value};
use crate::text::{Span, TracedText};

/// An option that was given.
#[derive(Debug, Clone)]
pub(super) struct GivenOption {
    /// Its long name.
    pub(super) name: &'static str,
    /// Its value as it is written; `true` for a switch without one.
    pub(super) text: TracedText,
    /// Its value.
    pub(super) value: PartialText,
    /// Where the value is written.
    pub(super) span: Span,
    /// Whether something in the value is set in more than one way.
    pub(super) unclear: bool,
    /// Whether it is given on some ways only.
    pub(super) perhaps: bool,
}

impl GivenOption {
    pub(super) fn as_value(&self) -> Value {
        self.value.to_value(Some(self.span))
    }

    /// A path from the directory of the command; `-` is standard input.
    pub(super) fn as_path(&self, context: &CommandContext<'_>) -> Value {
        if self.value.known().as_deref() == Some("-") {
            return self.as_value();
        }
        self.value.absolute(context).to_value(Some(self.span))
    }

    /// Where the value is written, up to a character.
    pub(super) fn span_before(&self, end: char, context: &CommandContext<'_>) -> Span {
        let start = Span::at(self.span.file, self.span.start);
        let end = self.text.0.iter().position(|traced| traced.ch == end).unwrap_or(self.text.0.len());
        context.text_span(&self.text.part(0, end)).unwrap_or(start)
    }

    /// A switch's value, which Go's `ParseBool` reads; `None` where it is not known.
    pub(super) fn is_on(&self) -> Option<bool> {
        match self.value.known()?.as_str() {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
            _ => None,
        }
    }
}

/// The options and operands of a command line.
#[derive(Debug, Default)]
pub(super) struct ParsedOptions<'a> {
    pub(super) given: Vec<GivenOption>,
    /// What is no option, in order: operands between options, then all that follows the last.
    pub(super) between: Vec<&'a Argument>,
    pub(super) rest: &'a [Argument],
    pub(super) unseen: Vec<Unseen>,
    /// The first of them after which a mount may be missing.
    pub(super) unseen_mounts: Option<Unseen>,
    pub(super) refused: Vec<Unseen>,
}

impl ParsedOptions<'_> {
    /// Notes that something was not understood that may be a mount.
    pub(super) fn note_unseen_mounts(&mut self, unseen: Unseen) {
        self.unseen_mounts.get_or_insert_with(|| unseen.clone());
        self.unseen.push(unseen);
    }

    /// The engine that is asked, where it is named: with a symbol where another one may be asked on some ways.
    pub(super) fn engine(&self) -> Option<Value> {
        let names = ["host", "context", "connection", "url", "address"];
        let given = self.given.iter().rfind(|given| names.contains(&given.name))?;
        let mut engine = given.as_value();
        if (given.perhaps || given.unclear) && !engine.is_symbolic() {
            engine.symbols.push(Symbol { name: given.name.to_owned(), required: false });
        }
        Some(engine)
    }

    /// What is read of a command line that ends before its subcommand.
    pub(super) fn into_unclear(self) -> Option<DockerCommand> {
        self.unseen.into_iter().next().map(DockerCommand::Unclear)
    }

    /// The last of an option's values.
    pub(super) fn last_of(&self, name: &str) -> Option<&GivenOption> {
        self.given.iter().rev().find(|given| given.name == name)
    }

    /// Whether only help or a version is asked for.
    pub(super) fn asks_for_help(&self) -> bool {
        self.given.iter().any(|given| matches!(given.name, "help" | "version") && given.is_on() != Some(false))
    }

    pub(super) fn values_of(&self, name: &str) -> impl Iterator<Item = &GivenOption> {
        self.given.iter().filter(move |given| given.name == name)
    }
}

/// The command line before a subcommand.
pub(super) struct CommandPrefix<'a> {
    pub(super) options: ParsedOptions<'a>,
    /// The engine that is asked, where it is named.
    pub(super) engine: Option<Value>,
    /// The program's family.
    pub(super) family: CliFamily,
    /// Where the command line begins.
    pub(super) span: Span,
}

impl CommandPrefix<'_> {
    /// Tells the engine whose containers have no two of one name.
    pub(super) fn name_scope(&self, context: &CommandContext<'_>) -> String {
        name_scope(self.family, self.engine.as_ref(), context.ambient.user.as_deref())
    }

    /// The Compose project that its options name.
    pub(super) fn named_project(&self, context: &CommandContext<'_>) -> ComposeProject {
        let options = &self.options;
        let directory = options.last_of("project-directory").or_else(|| options.last_of("workdir"));
        let mut files: Vec<Value> = options.values_of("file").map(|given| given.as_path(context)).collect();
        if files.is_empty() {
            files = context.files_of_environment();
        }
        let env_files: Vec<Value> = options.values_of("env-file").map(|given| given.as_path(context)).collect();
        let name = options.last_of("project-name").map(GivenOption::as_value);
        let on_some_ways = options.values_of("file").filter(|given| given.perhaps);
        let files_on_some_ways = on_some_ways.map(|given| given.as_path(context).text).collect();
        ComposeProject {
            files,
            files_on_some_ways,
            name: name.or_else(|| context.ambient.project_name.clone()).filter(|name| !name.text.is_empty()),
            directory: directory.map(|given| given.as_path(context)),
            runs_in: context.base.clone(),
            runs_in_words: context.base_words.clone(),
            copied_to: None,
            env_files: Some(env_files)
                .filter(|files| !files.is_empty())
                .unwrap_or_else(|| context.env_files_of_environment()),
            profiles: options.values_of("profile").map(GivenOption::as_value).collect(),
            engine: self.engine.clone(),
            name_scope: self.name_scope(context),
            variables: (context.handed)(),
        }
    }
}

/// Reads options. Unless options may be anywhere, the first operand ends them.
pub(super) fn parse_options<'a>(
    args: &'a [Argument],
    tables: &[&OptionTable],
    anywhere: bool,
    context: &CommandContext<'_>,
) -> ParsedOptions<'a> {
    let mut reader = OptionReader { tables, context, args, anywhere, at: 0, parsed: ParsedOptions::default() };
    while let Some(arg) = reader.next_word() {
        let raw = arg.text.raw();
        let is_option = raw.len() > 1 && raw.starts_with('-') && arg.text.part(0, 1).is_fixed();
        match raw.as_str() {
            "--" if arg.text.is_fixed() => break,
            _ if is_option => reader.read_option(arg, &raw),
            _ if reader.is_options(arg, &raw) => {}
            _ if anywhere => reader.parsed.between.push(arg),
            _ => {
                reader.at -= 1;
                break;
            }
        }
    }
    reader.parsed.rest = args.get(reader.at..).unwrap_or_default();
    reader.parsed
}

/// Whether what the shell replaces is a list, also in quotes.
fn is_list(raw: &str) -> bool {
    hints_at(raw, &["$@", "$*", "[@]", "[*]", "{@", "{*"])
}

/// Whether a name contains one of these hints.
fn hints_at(raw: &str, hints: &[&str]) -> bool {
    let name = raw.to_ascii_lowercase();
    hints.iter().any(|hint| name.contains(hint))
}

/// Long options that many programs have.
#[rustfmt::skip]
const COMMON: [&str; 16] = [
    "help", "version", "quiet", "user", "env", "label", "pull", "memory", "platform", "link", "expose", "dns", "config",
    "file", "name", "timeout",
];

/// Whether the value of an option with a letter is one that it usually has in a command that starts a container.
fn is_usual_value(name: &str, value: &str) -> bool {
    match name {
        "volume" => value.contains(':'),
        "env" => value
            .split_once('=')
            .map_or(value, |(name, _)| name)
            .chars()
            .all(|ch| ch.is_ascii_uppercase() || ch.is_ascii_digit() || ch == '_'),
        "publish" => value.contains(':') && !value.contains(' '),
        "workdir" => value.starts_with(['/', '$', '"']),
        _ => false,
    }
}

/// How many words are looked at to see what one before them is.
const LOOKED_AHEAD: usize = 64;

/// Whose option a word may be that follows one that is not known.
enum OptionKind {
    /// That of the command that is read: others have none of that name, or another value.
    Own,
    /// Of that command, and of many programs.
    Shared { takes_next: bool },
    /// Of another program.
    Unknown,
}

/// Whether a word is an image with a tag or a digest.
fn is_tagged_image(arg: &Argument) -> bool {
    let raw = arg.text.raw();
    let plain = |text: &str, more: &[char]| {
        text.starts_with(|ch: char| ch.is_ascii_alphanumeric())
            && text.chars().all(|ch| ch.is_ascii_alphanumeric() || more.contains(&ch))
    };
    let (name, digest) = raw.split_once('@').unwrap_or((&raw, ""));
    let Some((name, tag)) = name.rsplit_once(':').or((!digest.is_empty()).then_some((name, "latest"))) else {
        return false;
    };
    arg.text.is_fixed() && plain(name, &['.', '_', '-', '/', ':']) && plain(tag, &['.', '_', '-'])
}

struct OptionReader<'a, 'b> {
    tables: &'b [&'b OptionTable],
    context: &'b CommandContext<'b>,
    args: &'a [Argument],
    /// Whether operands may stand between options.
    anywhere: bool,
    at: usize,
    parsed: ParsedOptions<'a>,
}

impl<'a> OptionReader<'a, '_> {
    fn next_word(&mut self) -> Option<&'a Argument> {
        let arg = self.args.get(self.at)?;
        self.at += 1;
        Some(arg)
    }

    /// Notes an option that is not understood: it may be a mount.
    fn note_unsure(&mut self, what: impl Into<String>, arg: &Argument) {
        self.parsed.note_unseen_mounts(Unseen { what: what.into(), span: self.context.argument_span(arg) });
    }

    /// Whether a word that is not known is taken for options: by its name, or by what follows it.
    fn is_options(&mut self, arg: &Argument, raw: &str) -> bool {
        if !arg.text.is_live() {
            return false;
        }
        let says_image = hints_at(raw, &["image", "img", "tag", "service"]);
        let named = is_list(raw) || (hints_at(raw, &["opt", "arg", "flag", "param"]) && !says_image);
        let follows = !says_image && !self.anywhere;
        if (arg.splits && named)
            || (follows && self.are_options_next())
            || (follows && arg.splits && (self.is_image_next() || self.says_image_next()))
        {
            self.note_unsure(format!("`{raw}` stands for options that are not known"), arg);
            return true;
        }
        if arg.splits && !says_image {
            self.note_unsure(format!("whether `{raw}` is an option is not known; it is taken for none"), arg);
        }
        false
    }

    /// The first of the next words that is not as unknown as the last one.
    fn next_known(&self) -> Option<(usize, &'a Argument)> {
        let rest = self.args.iter().enumerate().skip(self.at);
        rest.into_iter().find(|(_, arg)| !(arg.text.is_live() && (arg.splits || arg.unclear)))
    }

    /// Whether options come next among which is one that only the command itself has, or that an image follows: what
    /// stands before them is no operand then, after which every word would be another program's.
    fn are_options_next(&self) -> bool {
        let Some((mut at, _)) = self.next_known() else { return false };
        let first = at;
        while let Some(arg) = self.args.get(at).filter(|_| at < first + LOOKED_AHEAD) {
            at += 1;
            let raw = arg.text.raw();
            if raw.len() < 2 || !raw.starts_with('-') || !arg.text.part(0, 2).is_fixed() {
                let is_unknown = arg.text.is_live() && (arg.splits || arg.unclear);
                if is_unknown {
                    continue;
                }
                return at - 1 > first && is_tagged_image(arg);
            }
            match self.option_kind(&raw, self.args.get(at)) {
                OptionKind::Own => return true,
                OptionKind::Unknown => return false,
                OptionKind::Shared { takes_next } => at += usize::from(takes_next),
            }
        }
        false
    }

    /// Whose option a word is.
    fn option_kind(&self, raw: &str, next: Option<&Argument>) -> OptionKind {
        if let Some(long) = raw.strip_prefix("--") {
            let name = long.split_once('=').map_or(long, |(name, _)| name);
            return match OptionTable::find_option(self.tables, |own, _| own == name) {
                None => OptionKind::Unknown,
                Some(_) if !COMMON.contains(&name) => OptionKind::Own,
                Some((_, valued)) => OptionKind::Shared { takes_next: valued && !long.contains('=') },
            };
        }
        let letters: Vec<char> = raw.chars().skip(1).collect();
        for (number, letter) in letters.iter().enumerate() {
            let own = letter.to_string();
            match OptionTable::find_option(self.tables, |_, short| short == own) {
                Some((name, true)) => {
                    let glued: String = letters.iter().skip(number + 1).collect();
                    let takes_next = glued.is_empty();
                    let value = if takes_next { next.map(|next| next.text.raw()).unwrap_or_default() } else { glued };
                    let is_own = is_usual_value(name, &value);
                    return if is_own { OptionKind::Own } else { OptionKind::Shared { takes_next } };
                }
                Some((_, false)) => {}
                None => return OptionKind::Unknown,
            }
        }
        if letters.len() > 1 { OptionKind::Own } else { OptionKind::Shared { takes_next: false } }
    }

    /// Whether a variable comes next that is named after an image.
    fn says_image_next(&self) -> bool {
        let next = self.args.get(self.at).filter(|next| next.text.is_live());
        next.is_some_and(|next| hints_at(&next.text.raw(), &["image", "img"]))
    }

    /// Whether an image with a tag or a digest comes next.
    fn is_image_next(&self) -> bool {
        self.next_known().is_some_and(|(_, arg)| is_tagged_image(arg))
    }

    fn read_option(&mut self, arg: &'a Argument, raw: &str) {
        let name: String = raw.chars().skip(if raw.starts_with("--") { 2 } else { 1 }).collect();
        let equals = name.find('=');
        let head = raw.chars().position(|ch| ch == '=').unwrap_or(arg.text.0.len());
        let long = raw.starts_with("--");
        if !arg.text.part(0, if long { head } else { 2 }).is_fixed() {
            self.note_unsure("which option this is depends on a variable", arg);
        } else if long {
            let value = equals.map(|_| arg.text.part(head + 1, arg.text.0.len()));
            self.read_long(arg, name.get(..equals.unwrap_or(name.len())).unwrap_or_default(), value);
        } else {
            self.read_cluster(arg);
        }
    }

    fn read_long(&mut self, arg: &'a Argument, name: &str, value: Option<TracedText>) {
        match OptionTable::find_option(self.tables, |long, _| long == name) {
            None => self.note_unsure(format!("the option `--{name}` is not known"), arg),
            Some((name, valued)) => self.add_option(arg, name, valued, value),
        }
    }

    /// Letters, of which the first that takes a value takes the rest.
    fn read_cluster(&mut self, arg: &'a Argument) {
        let letters = &arg.text.0;
        let mut at = 1;
        while let Some(letter) = letters.get(at) {
            let own = letter.ch.to_string();
            let Some((name, valued)) =
                OptionTable::find_option(self.tables, |_, short| short == own).filter(|_| !letter.live)
            else {
                return self.note_unsure(format!("the option `-{own}` is not known"), arg);
            };
            let rest = |from: usize| Some(arg.text.part(from, letters.len())).filter(|rest| !rest.is_empty());
            let equals = letters.get(at + 1).is_some_and(|next| next.ch == '=') && letters.len() > at + 2;
            if equals || valued {
                return self.add_option(arg, name, valued, rest(at + 1 + usize::from(equals)));
            }
            self.add_option(arg, name, false, None);
            at += 1;
        }
    }

    fn add_option(&mut self, arg: &'a Argument, name: &'static str, valued: bool, value: Option<TracedText>) {
        let own = value.or_else(|| (!valued).then(|| TracedText::plain("true")));
        let next = if own.is_none() { self.next_word() } else { None };
        let Some(text) = own.or_else(|| next.map(|next| next.text.clone())) else {
            let what = format!("`--{name}` is given no value");
            return self.parsed.refused.push(Unseen { what, span: self.context.argument_span(arg) });
        };
        if next.is_some_and(|next| next.perhaps != arg.perhaps) {
            self.note_unsure(format!("`--{name}` and its value are not given on the same ways"), arg);
        }
        if next.is_some_and(|next| next.splits && is_list(&text.raw())) {
            self.note_unsure(format!("the value of `--{name}` may be no word or several"), arg);
        }
        let unclear = arg.unclear || next.is_some_and(|next| next.unclear);
        let perhaps = arg.perhaps || next.is_some_and(|next| next.perhaps);
        let whole = next.unwrap_or(arg).span;
        let value = PartialText::read(&text, unclear, self.context);
        let span = self.context.text_span(&text).or(whole).unwrap_or(self.context.here);
        self.parsed.given.push(GivenOption { name, text, value, span, unclear, perhaps });
    }
}

/// The project that the options before the subcommand name; what of them is not sure goes to `parsed`.
pub(super) fn read_project(
    prefix: CommandPrefix<'_>,
    parsed: &mut ParsedOptions<'_>,
    context: &CommandContext<'_>,
) -> ComposeProject {
    let project = prefix.named_project(context);
    let options = prefix.options;
    let unsure = options.given.iter().filter(|given| given.perhaps || given.unclear).map(|given| Unseen {
        what: format!("`--{}` of Compose depends on what runs before", given.name),
        span: given.span,
    });
    parsed.unseen.splice(..0, unsure.chain(options.unseen));
    parsed.refused.splice(..0, options.refused);
    project
}
