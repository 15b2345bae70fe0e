//! Programs that run another: what they run, and what they change for it. Names and options as their manuals have them.
//! Uses `glyph` and `state`.

use super::glyph::{Text, Word};
use super::state::Value;
use super::user::{home_of, sudo, switch_user};

/// What words start.
pub(super) enum Unwrapped {
    /// Nothing at all.
    Nothing,
    /// A program of its own.
    Program,
    /// A program that runs another.
    Inner(Inner),
    /// A shell with a text.
    Shell(ShellCall),
    /// A shell with a file, which stands where the text would.
    File(ShellCall),
    /// flock(1).
    Flock,
}

/// What a wrapper runs.
#[derive(Default)]
pub(super) struct Inner {
    pub(super) words: Vec<Word>,
    /// A text for a shell instead of words.
    pub(super) shell: Option<ShellCall>,
    pub(super) env: Vec<(String, Value)>,
    pub(super) directory: Option<Text>,
    /// Why something about it cannot be seen.
    pub(super) hides: Option<String>,
    /// Whether the container's environment does not reach it.
    pub(super) drops: bool,
    /// Whether it is started without the descriptors from 3 on.
    pub(super) closes: bool,
}

impl Inner {
    /// Notes that the environment is taken away, and by what.
    pub(super) fn drop_environment(&mut self, by: &str) {
        self.drops = true;
        self.hides.get_or_insert_with(|| format!("`{by}` takes the environment away"));
    }
}

/// A shell's text, arguments and options.
pub(super) struct ShellCall {
    pub(super) text: Word,
    /// `$0` and on.
    pub(super) args: Vec<Word>,
    pub(super) bash: bool,
    pub(super) errexit: bool,
    pub(super) allexport: bool,
    pub(super) pipefail: bool,
}

impl ShellCall {
    /// Takes in a shell's name and options, as the first line of a script has them.
    pub(super) fn options(&mut self, line: &str) {
        let mut words = line.split_whitespace();
        self.bash = words.next() == Some("bash");
        let letters: String = words.filter(|word| word.starts_with('-') && !word.starts_with("--")).collect();
        (self.errexit, self.allexport) = (letters.contains('e'), letters.contains('a'));
    }

    /// A text without options.
    pub(super) fn plain(text: Word) -> Self {
        Self { text, args: vec![Word::plain("sh")], bash: false, errexit: false, allexport: false, pipefail: false }
    }
}

/// How a wrapper's own words are told from those of what it runs.
struct Shape {
    names: &'static [&'static str],
    /// Short options that take a value.
    short: &'static str,
    /// Long options that take the next word for a value.
    long: &'static [&'static str],
    /// Operands before the command.
    operands: usize,
}

const SHAPES: [Shape; 14] = [
    Shape {
        names: &["nohup", "setsid", "busybox", "toybox", "catatonit", "unbuffer", "builtin"],
        short: "",
        long: &[],
        operands: 0,
    },
    Shape { names: &["command", "exec"], short: "a", long: &[], operands: 0 },
    Shape { names: &["nice"], short: "n", long: &["--adjustment"], operands: 0 },
    Shape { names: &["ionice"], short: "cn", long: &["--class", "--classdata"], operands: 0 },
    Shape { names: &["time"], short: "fo", long: &["--format", "--output"], operands: 0 },
    Shape { names: &["timeout"], short: "ks", long: &["--kill-after", "--signal"], operands: 1 },
    Shape { names: &["stdbuf"], short: "ioe", long: &["--input", "--output", "--error"], operands: 0 },
    Shape { names: &["tini", "tini-static", "docker-init"], short: "pe", long: &[], operands: 0 },
    Shape { names: &["dumb-init"], short: "r", long: &["--rewrite"], operands: 0 },
    Shape { names: &["chrt", "taskset"], short: "TPD", long: &[], operands: 1 },
    Shape { names: &["chroot"], short: "", long: &["--userspec", "--groups"], operands: 1 },
    Shape {
        names: &["setpriv"],
        short: "",
        long: &[
            "--ambient-caps",
            "--inh-caps",
            "--bounding-set",
            "--ruid",
            "--euid",
            "--rgid",
            "--egid",
            "--reuid",
            "--regid",
            "--groups",
            "--securebits",
            "--pdeathsig",
            "--selinux-label",
            "--apparmor-profile",
        ],
        operands: 0,
    },
    Shape {
        names: &["xargs"],
        short: "adEILnPs",
        long: &["--arg-file", "--delimiter", "--max-lines", "--max-args", "--max-procs", "--max-chars", "--replace"],
        operands: 0,
    },
    Shape { names: &["gosu", "su-exec"], short: "", long: &[], operands: 1 },
];

/// Looks one layer through the words of a command.
pub(super) fn unwrap(words: &[Word]) -> Unwrapped {
    let Some(first) = words.first() else { return Unwrapped::Nothing };
    if !first.is_fixed() {
        return Unwrapped::Program;
    }
    let path = first.raw();
    let name = path.rsplit('/').next().unwrap_or_default();
    match name {
        "flock" => Unwrapped::Flock,
        name if is_shell(name) => shell(words, name == "bash"),
        "env" => env(words),
        "su" | "runuser" => switch_user(words, name),
        "sudo" | "doas" => sudo(words),
        "script" => script(words),
        "watch" => watch(words),
        "find" => find(words),
        _ => match SHAPES.iter().find(|shape| shape.names.contains(&name)) {
            Some(shape) => shaped(words, name, shape),
            None => Unwrapped::Program,
        },
    }
}

fn shaped(words: &[Word], name: &str, shape: &Shape) -> Unwrapped {
    let at = skip(words, shape.short, shape.long);
    let rest = words.get(at..).unwrap_or_default();
    let Some(command) = rest.get(shape.operands..).filter(|command| !command.is_empty()) else {
        return Unwrapped::Program;
    };
    let mut inner = Inner { words: command.to_vec(), ..Inner::default() };
    if matches!(name, "gosu" | "su-exec")
        && let Some(user) = rest.first()
    {
        inner.env.push(("HOME".into(), home_of(&user.text)));
    }
    if name == "chroot" {
        inner.hides = Some("`chroot` runs a program in another root directory".into());
    }
    Unwrapped::Inner(inner)
}

/// The number of the first word after the options, which start at the second word.
pub(super) fn skip(words: &[Word], short: &str, long: &[&str]) -> usize {
    let mut at = 1;
    while let Some(word) = words.get(at) {
        let text = word.raw();
        if text == "--" {
            return at + 1;
        }
        if text == "-" || !text.starts_with('-') {
            break;
        }
        at += 1 + usize::from(takes_next(&text, short, long));
    }
    at
}

/// Whether an option's value is the next word.
pub(super) fn takes_next(text: &str, short: &str, long: &[&str]) -> bool {
    if text.starts_with("--") {
        return long.contains(&text);
    }
    let letters = text.get(1..).unwrap_or("");
    letters
        .find(|letter| short.contains(letter))
        .is_some_and(|at| letters.get(at..).is_some_and(|rest| rest.chars().count() == 1))
}

/// Whether a name is a shell's.
pub(super) fn is_shell(name: &str) -> bool {
    matches!(name, "sh" | "bash" | "dash" | "ash" | "zsh" | "ksh" | "mksh")
}

fn is_cluster(option: &str, letter: char) -> bool {
    option.starts_with('-') && !option.starts_with("--") && option.contains(letter)
}

fn shell(words: &[Word], bash: bool) -> Unwrapped {
    let mut call = ShellCall { bash, ..ShellCall::plain(Word::default()) };
    let (mut text, mut at) = (false, 1);
    while let Some(word) = words.get(at).filter(|word| word.is_fixed()) {
        let option = word.raw();
        if !option.starts_with(['-', '+']) || option.len() < 2 {
            break;
        }
        at += 1;
        if option == "--" {
            break;
        }
        if option.starts_with("--") {
            at += usize::from(matches!(option.as_str(), "--rcfile" | "--init-file"));
            continue;
        }
        let on = option.starts_with('-');
        for letter in option.chars().skip(1) {
            match letter {
                'c' => text = true,
                'e' => call.errexit = on,
                'a' => call.allexport = on,
                'o' | 'O' => {
                    match words.get(at).map(Word::raw).as_deref() {
                        Some("errexit") => call.errexit = on,
                        Some("allexport") => call.allexport = on,
                        Some("pipefail") => call.pipefail = on,
                        _ => {}
                    }
                    at += 1;
                }
                _ => {}
            }
        }
    }
    let Some(word) = words.get(at) else { return Unwrapped::Program };
    call.text = word.clone();
    let args = words.get(at + 1..).unwrap_or_default();
    if !text {
        call.args = args.to_vec();
        // A shell that reads its input has no file.
        let input = words.iter().take(at).skip(1).any(|word| is_cluster(&word.raw(), 's'));
        return if input { Unwrapped::Program } else { Unwrapped::File(call) };
    }
    call.args = if args.is_empty() { words.get(..1).unwrap_or_default().to_vec() } else { args.to_vec() };
    Unwrapped::Shell(call)
}

fn env(words: &[Word]) -> Unwrapped {
    let mut inner = Inner::default();
    let mut at = 1;
    let mut options = true;
    while let Some(word) = words.get(at) {
        let text = word.raw();
        let next = words.get(at + 1);
        at += 1;
        match text.as_str() {
            "--" if options => options = false,
            "-" | "-i" | "--ignore-environment" if options => {
                inner.drop_environment("env -i");
            }
            "-u" | "--unset" if options => {
                inner.env.extend(next.map(|name| (name.raw(), Value::Unset)));
                at += 1;
            }
            "-C" | "--chdir" if options => {
                inner.directory = next.map(|next| next.text.clone());
                at += 1;
            }
            "-S" | "--split-string" if options => {
                let rest = words.get(at + 1..).unwrap_or_default();
                return split_string(inner, next, rest);
            }
            _ if options && text.starts_with("--unset=") => {
                inner.env.push((text.trim_start_matches("--unset=").to_owned(), Value::Unset));
            }
            _ if options && text.starts_with("-S") => {
                let own = Word { text: word.text.part(2, word.text.0.len()), ..word.clone() };
                return split_string(inner, Some(&own), words.get(at..).unwrap_or_default());
            }
            _ if options && text.starts_with('-') => {}
            _ => {
                let assigns = text.split_once('=').filter(|(name, _)| !name.is_empty() && !name.contains(['/', '$']));
                let Some((name, _)) = assigns else {
                    inner.words = words.get(at - 1..).unwrap_or_default().to_vec();
                    break;
                };
                let value = word.text.part(name.chars().count() + 1, word.text.0.len());
                let value = if word.unclear { Value::Unclear } else { Value::Text(value) };
                inner.env.push((name.to_owned(), value));
            }
        }
    }
    if inner.words.is_empty() { Unwrapped::Program } else { Unwrapped::Inner(inner) }
}

/// `env -S 'NAME=value command words'`: the words are read again as `env`'s own.
fn split_string(mut inner: Inner, text: Option<&Word>, rest: &[Word]) -> Unwrapped {
    let Some(text) = text else { return Unwrapped::Program };
    if text.raw().contains(['"', '\'', '\\', '$', '#']) {
        inner.hides = Some("`env -S` splits a text that was not read".into());
    }
    let pieces = text.text.0.split(|glyph| glyph.ch.is_ascii_whitespace()).filter(|piece| !piece.is_empty());
    let pieces = pieces.map(|piece| {
        let text = Text(piece.to_vec());
        Word { source: text.clone(), text, ..Word::default() }
    });
    inner.words = std::iter::once(Word::plain("env")).chain(pieces).chain(rest.iter().cloned()).collect();
    Unwrapped::Inner(inner)
}

fn script(words: &[Word]) -> Unwrapped {
    let mut at = 1;
    while let Some(word) = words.get(at) {
        let option = word.raw();
        at += 1;
        if option == "--" {
            let rest = words.get(at..).unwrap_or_default();
            return Unwrapped::Inner(Inner { words: rest.to_vec(), ..Inner::default() });
        }
        let text = if let Some(value) = option.strip_prefix("--command=") {
            let start = option.chars().count() - value.chars().count();
            Some(Word { text: word.text.part(start, word.text.0.len()), ..word.clone() })
        } else if option == "--command"
            || (!option.starts_with("--") && option.starts_with('-') && option.ends_with('c'))
        {
            words.get(at).cloned()
        } else {
            None
        };
        if let Some(text) = text {
            return Unwrapped::Shell(ShellCall::plain(text));
        }
        at += usize::from(takes_next(&option, "EmoTIOB", &["--echo", "--logging-format", "--output-limit"]));
    }
    Unwrapped::Program
}

fn watch(words: &[Word]) -> Unwrapped {
    let at = skip(words, "nqs", &["--interval", "--equexit", "--shotsdir"]);
    let direct = words.iter().take(at).any(|word| {
        let option = word.raw();
        option == "--exec" || (!option.starts_with("--") && option.starts_with('-') && option.contains('x'))
    });
    let rest = words.get(at..).unwrap_or_default();
    if rest.is_empty() {
        return Unwrapped::Program;
    }
    if direct {
        return Unwrapped::Inner(Inner { words: rest.to_vec(), ..Inner::default() });
    }
    let mut text = Word::default();
    for word in rest {
        text.text.push(&word.text);
        text.text.push(&Text::plain(" "));
        text.source.push(&word.source);
        text.unclear |= word.unclear;
    }
    Unwrapped::Shell(ShellCall::plain(text))
}

/// `find … -exec command … ;`: the last command that it runs; more than one is said not to be seen.
fn find(words: &[Word]) -> Unwrapped {
    let runs = |word: &Word| matches!(word.raw().as_str(), "-exec" | "-execdir" | "-ok" | "-okdir");
    let Some(at) = words.iter().position(runs) else { return Unwrapped::Program };
    let rest = words.get(at + 1..).unwrap_or_default();
    let end = rest.iter().position(|word| matches!(word.raw().as_str(), ";" | "+")).unwrap_or(rest.len());
    let (command, after) = rest.split_at(end);
    let hides = after.iter().any(runs).then(|| "`find` runs more than one command".to_owned());
    if command.is_empty() {
        return Unwrapped::Program;
    }
    Unwrapped::Inner(Inner { words: command.to_vec(), hides, ..Inner::default() })
}
