//! Wrappers that change the user: su, runuser, sudo, doas.
//! Uses `unwrapped`, `shell_word` and `shell_state`.

use super::shell_state::VariableValue;
use super::shell_word::ShellWord;
use super::unwrapped::{ShellCall, Unwrapped, WrappedCommand, skip_options, takes_next_word};
use crate::text::TracedText;

pub(super) fn read_switch_user(words: &[ShellWord], name: &str) -> Unwrapped {
    const LONG: [&str; 5] = ["--shell", "--group", "--supp-group", "--whitelist-environment", "--user"];
    let mut inner = WrappedCommand::default();
    let (mut user, mut text, mut named) = (None, None, false);
    let mut at = 1;
    while let Some(word) = words.get(at) {
        let option = word.raw();
        let next = words.get(at + 1);
        at += 1;
        let login = matches!(option.as_str(), "-" | "-l" | "--login");
        if login {
            inner.drop_environment(&format!("{name} -"));
        } else if option == "--" {
            break;
        } else if let Some(value) = option.strip_prefix("--command=") {
            let start = option.chars().count() - value.chars().count();
            text = Some(ShellWord { text: word.text.part(start, word.text.0.len()), ..word.clone() });
        } else if matches!(option.as_str(), "-c" | "--command" | "--session-command")
            || (option.starts_with('-') && !option.starts_with("--") && option.ends_with('c'))
        {
            if option.contains('l') {
                inner.drop_environment(&format!("{name} -l"));
            }
            text = next.cloned();
            at += 1;
        } else if matches!(option.as_str(), "-u" | "--user") {
            (user, named) = (next.cloned(), true);
            at += 1;
        } else if takes_next_word(&option, "sgGw", &LONG) {
            at += 1;
        } else if !option.starts_with('-') {
            if named {
                at -= 1;
                break;
            }
            user.get_or_insert_with(|| word.clone());
        }
    }
    let home = user.map_or_else(|| home_of_user(&TracedText::plain("root")), |user| home_of_user(&user.text));
    inner.env.push(("HOME".into(), home));
    if named {
        inner.words = words.get(at..).unwrap_or_default().to_vec();
        return if inner.words.is_empty() { Unwrapped::Program } else { Unwrapped::Inner(inner) };
    }
    let Some(text) = text else { return Unwrapped::Program };
    inner.shell = Some(ShellCall::plain(text));
    Unwrapped::Inner(inner)
}

pub(super) fn read_sudo(words: &[ShellWord]) -> Unwrapped {
    const LONG: [&str; 6] = ["--user", "--group", "--prompt", "--host", "--chdir", "--command-timeout"];
    let at = skip_options(words, "ugphCDRTrtU", &LONG);
    let options: Vec<String> = words.get(1..at).unwrap_or_default().iter().map(ShellWord::raw).collect();
    let position = options.iter().position(|option| matches!(option.as_str(), "-u" | "--user"));
    let user = position.and_then(|position| words.get(position + 2));
    let joined = options.iter().enumerate().find_map(|(number, option)| {
        let value =
            option.strip_prefix("--user=").or_else(|| option.strip_prefix("-u").filter(|user| !user.is_empty()))?;
        let word = words.get(number + 1)?;
        Some(word.text.part(option.chars().count() - value.chars().count(), word.text.0.len()))
    });
    let user = user.map(|user| user.text.clone()).or(joined).unwrap_or_else(|| TracedText::plain("root"));
    // Both close what they were started with (read_sudo(8), `closefrom`; doas(1) in its source).
    let mut inner =
        WrappedCommand { env: vec![("HOME".into(), home_of_user(&user))], closes: true, ..WrappedCommand::default() };
    let keeps =
        options.iter().any(|option| option == "--preserve-env" || (!option.starts_with("--") && option.contains('E')));
    if !keeps {
        inner.drop_environment("sudo");
    }
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

/// Text of a home directory after a change of user.
pub(super) fn home_of_user(user: &TracedText) -> VariableValue {
    let name = user.raw();
    let name = name.split(':').next().unwrap_or_default();
    match name {
        _ if !user.is_fixed() => VariableValue::Unclear,
        "root" | "0" => VariableValue::Text(TracedText::plain("/root")),
        // As a shell would have to ask: no text says it.
        name => VariableValue::Text(TracedText::live(&format!("$(echo ~{name})"))),
    }
}
