//! The reader from outside: texts in, invocations with their locks out, in one line each.

mod again;
mod bounds;
mod commands;
mod files;
mod locks;
mod places;

use super::read_commands;
use crate::model::{Asks, Command, FileLock, Invocation, Script, Sight, Value, Wait};
use crate::text::{FileId, Pos, Sources, Span};

/// A command in list form, each word in quotes on a line of its own.
fn list(words: &[&str]) -> (Sources, Command) {
    let sources = Sources::default();
    let written = words.join("\u{1e}");
    let file = sources.add("compose.yaml", written);
    let source = sources.get(file);
    let mut at = 0;
    let values = words.iter().map(|word| {
        let span = Span { file, start: source.position(at), end: source.position(at + word.len()) };
        at += word.len() + 1;
        Value::known(*word, Some(span))
    });
    let words = values.collect();
    let span = Span { file, start: Pos::START, end: Pos::START };
    (sources, Command { words, span })
}

fn run(words: &[&str]) -> Script {
    let (sources, command) = list(words);
    read_commands(Some(&command), None, &sources)
}

fn shell(text: &str) -> Script {
    run(&["bash", "-c", text])
}

/// What was found: commands parted by ` ; `, each with `?` before it where it is conditional and its locks after it.
/// `~` at the end where that is not all, `(arguments)` where an entrypoint was not read.
fn shown(script: &Script) -> String {
    let mut lines: Vec<String> = script.invocations.iter().map(invocation).collect();
    match script.sight {
        Sight::Whole => {}
        Sight::Arguments => lines.push("(arguments)".into()),
        Sight::Partial => lines.push("~".into()),
    }
    assert_eq!(script.sight != Sight::Whole, script.unseen.is_some());
    lines.join(" ; ")
}

fn invocation(invocation: &Invocation) -> String {
    let mut line = String::new();
    if invocation.conditional {
        line.push('?');
    }
    for (name, value) in &invocation.env {
        line.push_str(&format!("{name}={value} "));
    }
    line.push_str(&invocation.command_line());
    for held in &invocation.locks {
        line.push_str(&format!(" @{}", lock(held)));
    }
    line
}

fn lock(lock: &FileLock) -> String {
    let mut line = lock.path.to_string();
    if !lock.exclusive {
        line.push_str(":shared");
    }
    match lock.wait {
        Wait::Forever => {}
        Wait::Seconds(seconds) => line.push_str(&format!(":{seconds}s")),
        Wait::No => line.push_str(":now"),
        Wait::Unknown => line.push_str(":?s"),
    }
    if lock.failure_ignored {
        line.push_str(":ignored");
    }
    if lock.perhaps {
        line.push_str(":perhaps");
    }
    if let Some((name, test)) = lock.condition.as_ref().zip(lock.test.as_ref()) {
        let asks = match &test.asks {
            Asks::NotEmpty => "set".to_owned(),
            Asks::Empty => "empty".to_owned(),
            Asks::Is(value) => format!("={value}"),
            Asks::IsNot(value) => format!("!={value}"),
            Asks::OneOf(values) => format!("={}", values.join("|")),
            Asks::NoneOf(values) => format!("!={}", values.join("|")),
            Asks::Unclear => "?".to_owned(),
        };
        let default = test.default.as_ref().map(|default| format!("/{default}")).unwrap_or_default();
        line.push_str(&format!(":if {name}{default} {asks}"));
    }
    line
}

fn check(cases: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (text, expected) in cases {
        let script = shell(text);
        let found = shown(&script);
        if found != *expected {
            wrong.push(format!("{text}\n  expected {expected}\n  found    {found}   {:?}", script.unseen));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

fn file(sources: &Sources, text: &str) -> FileId {
    sources.add("compose.yaml", text)
}
