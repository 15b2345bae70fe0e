//! Programs that change the user, and what they leave of the environment. Run as root with HOME, another variable and
//! descriptor 9 set, Debian 12:
//!
//! | program | HOME | other variables | descriptors |
//! | --- | --- | --- | --- |
//! | gosu 1.14, su-exec | the user's, `/` for an unknown number | stay | stay |
//! | su, runuser 2.38 | the user's; with `-p` or `-m` it stays | stay | stay |
//! | su -, runuser -l | the user's | go, but those of `-w` | stay |
//! | setpriv 2.38 | stays; with `--reset-env` the user's | stay; with `--reset-env` they go | stay |
//! | sudo -i 1.9 | the user's | go | closed |
//! | sudo 1.9 | the user's; with `-E` or `--preserve-env=HOME` it stays | go, but those that it is given, all with `-E`, by policy | closed |
//! | doas 6.8 | the user's | go, but with `keepenv` of its policy | closed |
//! | s6-setuidgid, setuidgid, s6-applyuidgid, chpst | stays | stay | stay |
//! | start-stop-daemon --chuid | the user's | stay | stay |
//!
//! Uses `unwrapped`, `shell_word` and `variable_value`.

use super::shell_word::ShellWord;
use super::unwrapped::{ShellCall, Unwrapped, UserChange, WrappedCommand, skip_options, takes_next_word};
use super::variable_value::VariableValue;
use crate::model::Inherits;
use crate::text::TracedText;

/// Another user and their home.
fn with_home(user: &TracedText) -> UserChange {
    UserChange { user: user.clone(), sets_home: true }
}

/// The value of a long option that is written into its word.
fn value_in_word(word: &ShellWord, name: &str) -> Option<ShellWord> {
    let option = word.raw();
    let value = option.strip_prefix(name)?.strip_prefix('=')?;
    let start = option.chars().count() - value.chars().count();
    Some(ShellWord { text: word.text.part(start, word.text.0.len()), ..word.clone() })
}

fn listed_names(list: &str) -> Vec<String> {
    list.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

pub(super) fn read_switch_user(words: &[ShellWord]) -> Unwrapped {
    const LONG: [&str; 5] = ["--shell", "--group", "--supp-group", "--whitelist-environment", "--user"];
    let mut inner = WrappedCommand::default();
    let (mut user, mut text, mut named, mut keeps_home) = (None, None, false, false);
    let mut at = 1;
    while let Some(word) = words.get(at) {
        let option = word.raw();
        let next = words.get(at + 1);
        at += 1;
        let is_short = option.starts_with('-') && !option.starts_with("--");
        if matches!(option.as_str(), "-" | "-l" | "--login") {
            inner.inherits = Inherits::Nothing;
        } else if option == "--" {
            if user.is_some() || named {
                break;
            }
        } else if let Some(value) = value_in_word(word, "--command") {
            text = Some(value);
        } else if let Some(list) = value_in_word(word, "--whitelist-environment") {
            inner.keeps = listed_names(&list.raw());
        } else if matches!(option.as_str(), "-w" | "--whitelist-environment") {
            inner.keeps = next.map(|list| listed_names(&list.raw())).unwrap_or_default();
            at += 1;
        } else if matches!(option.as_str(), "--command" | "--session-command") || (is_short && option.ends_with('c')) {
            if option.contains('l') && is_short {
                inner.inherits = Inherits::Nothing;
            }
            text = next.cloned();
            at += 1;
        } else if matches!(option.as_str(), "-u" | "--user") {
            (user, named) = (next.cloned(), true);
            at += 1;
        } else if let Some(value) = value_in_word(word, "--user") {
            (user, named) = (Some(value), true);
        } else if option == "--preserve-environment" || (is_short && option.contains(['p', 'm'])) {
            keeps_home = true;
        } else if takes_next_word(&option, "sgGw", &LONG) {
            at += 1;
        } else if !option.starts_with('-') {
            if named || user.is_some() {
                at -= 1;
                break;
            }
            user = Some(word.clone());
        }
    }
    // After the user's name there may be options again, before the arguments of the shell.
    let user = user.map_or_else(|| TracedText::plain("root"), |user| user.text);
    keeps_home &= inner.inherits == Inherits::All;
    inner.user = Some(UserChange { user, sets_home: !keeps_home });
    let rest = words.get(at..).unwrap_or_default();
    if named {
        inner.words = rest.to_vec();
        return if inner.words.is_empty() { Unwrapped::Program } else { Unwrapped::Inner(inner) };
    }
    let is_text = |word: &ShellWord| matches!(word.raw().as_str(), "-c" | "--command");
    let after = rest.iter().position(is_text).and_then(|at| rest.get(at + 1));
    match (text.or_else(|| after.cloned()), rest) {
        (Some(text), _) => {
            let mut call = ShellCall::plain(text);
            // The user's own shell, which mostly is bash where there is one.
            call.startup.is_login = inner.inherits == Inherits::Nothing;
            call.bash = call.startup.is_login;
            inner.shell = Some(call);
        }
        // The user's shell is given a file and its arguments.
        (None, [_, ..]) => inner.words = std::iter::once(ShellWord::plain("sh")).chain(rest.iter().cloned()).collect(),
        (None, []) => return Unwrapped::Program,
    }
    Unwrapped::Inner(inner)
}

pub(super) fn read_sudo(words: &[ShellWord]) -> Unwrapped {
    const LONG: [&str; 6] = ["--user", "--group", "--prompt", "--host", "--chdir", "--command-timeout"];
    let at = skip_options(words, "ugphCDRTrtU", &LONG);
    let given = words.get(1..at).unwrap_or_default();
    let options: Vec<String> = given.iter().map(ShellWord::raw).collect();
    // `-iu NAME`: letters before it that take no value.
    let names_user = |option: &String| {
        let letters = option.strip_prefix('-').and_then(|letters| letters.strip_suffix('u'));
        option == "--user"
            || letters.is_some_and(|letters| letters.bytes().all(|letter| b"AbBEeHiknPSs".contains(&letter)))
    };
    let position = options.iter().position(names_user);
    let user = position.and_then(|position| words.get(position + 2));
    let joined = options.iter().zip(given).find_map(|(option, word)| {
        let value = option.strip_prefix("--user=").or_else(|| option.strip_prefix("-u"))?;
        (!value.is_empty()).then(|| word.text.part(option.chars().count() - value.chars().count(), word.text.0.len()))
    });
    let user = user.map(|user| user.text.clone()).or(joined).unwrap_or_else(|| TracedText::plain("root"));
    let is_short = |option: &String, letter: char| !option.starts_with("--") && option.contains(letter);
    let keeps_all = options.iter().any(|option| option == "--preserve-env" || is_short(option, 'E'));
    let keeps = given.iter().filter_map(|word| value_in_word(word, "--preserve-env"));
    let keeps: Vec<String> = keeps.flat_map(|list| listed_names(&list.raw())).collect();
    let asks_home = options.iter().any(|option| {
        is_short(option, 'H') || is_short(option, 'i') || matches!(option.as_str(), "--set-home" | "--login")
    });
    // A login takes its variables from nowhere but the user's own files.
    let is_login = options.iter().any(|option| is_short(option, 'i') || option == "--login");
    let keeps_home = !asks_home && (keeps_all || keeps.iter().any(|name| name == "HOME"));
    let mut inner = WrappedCommand {
        user: Some(UserChange { user, sets_home: !keeps_home }),
        // Both close what they were started with (read_sudo(8), `closefrom`; doas(1) in its source).
        closes: true,
        inherits: match () {
            () if is_login => Inherits::Nothing,
            () if keeps_all => Inherits::All,
            () => Inherits::ByPolicy,
        },
        keeps,
        ..WrappedCommand::default()
    };
    let rest = words.get(at..).unwrap_or_default();
    let assigns =
        rest.iter().take_while(|word| word.raw().split_once('=').is_some_and(|(name, _)| !name.contains('/'))).count();
    for word in rest.iter().take(assigns) {
        let name = word.raw().split('=').next().unwrap_or_default().to_owned();
        let value = word.text.part(name.chars().count() + 1, word.text.0.len());
        inner.env.push((name, VariableValue::Text(value)));
    }
    inner.words = rest.get(assigns..).unwrap_or_default().to_vec();
    if inner.words.is_empty() { Unwrapped::Program } else { Unwrapped::Inner(inner) }
}

/// `setpriv`, whose options name the user.
pub(super) fn read_setpriv(words: &[ShellWord]) -> Unwrapped {
    const LONG: [&str; 14] = [
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
    ];
    let at = skip_options(words, "", &LONG);
    let Some(rest) = words.get(at..).filter(|rest| !rest.is_empty()) else { return Unwrapped::Program };
    let mut inner = WrappedCommand { words: rest.to_vec(), ..WrappedCommand::default() };
    let options = words.get(1..at).unwrap_or_default();
    let resets = options.iter().any(|word| word.raw() == "--reset-env");
    let named = options.iter().enumerate().find_map(|(number, word)| {
        let apart = || options.get(number + 1).filter(|_| matches!(word.raw().as_str(), "--reuid" | "--ruid")).cloned();
        value_in_word(word, "--reuid").or_else(|| value_in_word(word, "--ruid")).or_else(apart)
    });
    if resets {
        inner.inherits = Inherits::Nothing;
    }
    if named.is_some() || resets {
        let user = named.map_or_else(|| TracedText::plain("root"), |user| user.text);
        inner.user = Some(UserChange { user, sets_home: resets });
    }
    Unwrapped::Inner(inner)
}

/// A program whose first operand is the user: `gosu`, `su-exec`, `s6-setuidgid`, `setuidgid`.
pub(super) fn read_user_and_command(words: &[ShellWord], name: &str) -> Unwrapped {
    let at = skip_options(words, "", &[]);
    let Some([user, command @ ..]) = words.get(at..).filter(|rest| rest.len() > 1) else { return Unwrapped::Program };
    let user = UserChange { sets_home: !name.ends_with("setuidgid"), ..with_home(&user.text) };
    Unwrapped::Inner(WrappedCommand { words: command.to_vec(), user: Some(user), ..WrappedCommand::default() })
}

/// `chpst` and `s6-applyuidgid`, whose option `-u` names the user.
pub(super) fn read_user_option(words: &[ShellWord]) -> Unwrapped {
    let at = skip_options(words, "uUgGbemdofpcrtn/l", &[]);
    let Some(rest) = words.get(at..).filter(|rest| !rest.is_empty()) else { return Unwrapped::Program };
    let options = words.get(1..at).unwrap_or_default();
    let apart = options.iter().position(|word| word.raw() == "-u").and_then(|at| options.get(at + 1));
    let mut inner = WrappedCommand { words: rest.to_vec(), ..WrappedCommand::default() };
    inner.user = apart.map(|user| UserChange { sets_home: false, ..with_home(&user.text) });
    if options.iter().any(|word| word.raw().starts_with("-e")) {
        inner.hides = Some("`chpst -e` takes variables from a directory that was not read".into());
    }
    Unwrapped::Inner(inner)
}
