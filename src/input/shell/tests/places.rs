//! Spans: the text at a span is the word, however the value is written.

use super::file;
use crate::input::shell::read_commands;
use crate::model::{Command, Value};
use crate::text::yaml::{self, Limits};
use crate::text::{Pos, Sources, Span};

/// The text at each span: of the commands, then of their locks.
fn marked(text: &str, split: &[&str]) -> Vec<String> {
    let sources = Sources::default();
    let file = file(&sources, text);
    let stream = yaml::parse(file, text, Limits::default()).unwrap();
    let node = stream.documents[0].get("command").unwrap();
    let value = |node: &yaml::Node| Value::known(node.as_scalar().unwrap().text.replace("$$", "$"), Some(node.span));
    let words = if let Some(items) = node.as_seq() {
        items.iter().map(|item| value(item)).collect()
    } else {
        split.iter().map(|word| Value::known(*word, Some(node.span))).collect()
    };
    let command = Command { words, span: node.span };
    let script = read_commands(Some(&command), None, &sources);
    let slice = |span: Span| sources.get(span.file).slice(span).to_owned();
    let mut all: Vec<String> = script.invocations.iter().map(|invocation| slice(invocation.span)).collect();
    all.extend(script.invocations.iter().flat_map(|invocation| &invocation.locks).map(|lock| slice(lock.span)));
    all
}

fn list(text: &str) -> Vec<String> {
    marked(text, &[])
}

#[test]
fn words_of_a_list_are_located() {
    assert_eq!(list("command: [flock, /l, prog, secret]\n"), ["prog", "flock"]);
    assert_eq!(list("command: [\"flock\", '/l', \"prog\", secret]\n"), ["prog", "flock"]);
    assert_eq!(list("command:\n  - prog\n  - prog\n"), ["prog"]);
}

#[test]
fn text_is_located_in_every_scalar_style() {
    let script = "flock $$HOME/l prog -p \"secret\"; other";
    for text in [
        format!("command: [sh, -c, '{script}']\n"),
        format!("command:\n  - sh\n  - -c\n  - {script}\n"),
        format!("command: [sh, -c, \"{}\"]\n", script.replace('"', "\\\"")),
        format!("command:\n  - sh\n  - -c\n  - |\n    {script}\n"),
        format!("command:\n  - sh\n  - -c\n  - |-\n      echo x\n\n      if true; then\n        {script}\n      fi\n"),
        format!("command:\n  - sh\n  - -c\n  - >\n    {}\n", script.replace("; ", ";\n    ")),
        format!("command:\n  - sh\n  - -c\n  - \"{}\"\n", script.replace('"', "\\\"").replace("; ", "\\n")),
        format!("command:\n  - sh\n  - -c\n  - 'é ü; it''s'';{script}'\n"),
    ] {
        let found = list(&text);
        let end = found.len();
        assert_eq!(found[end - 3..], ["prog", "other", "flock"], "{text}");
    }
}

#[test]
fn words_of_a_string_are_located() {
    let split = &["sh", "-c", "flock /l prog x; other", "prog"];
    assert_eq!(marked("command: sh -c 'flock /l prog x; other' prog\n", split), ["prog", "other", "flock"]);
    assert_eq!(marked("command: \"sh -c 'flock /l prog x; other' prog\"\n", split), ["prog", "other", "flock"]);
    assert_eq!(marked("command: >\n  sh -c\n  'flock /l prog x; other' prog\n", split), ["prog", "other", "flock"]);
    assert_eq!(marked("command: 'sh -c \"flock /l prog x; other\" prog'\n", split), ["prog", "other", "flock"]);
    let split = &["flock", "/prog", "prog", "x"];
    assert_eq!(marked("command: flock /prog prog x\n", split), ["prog", "flock"]);
    assert_eq!(marked("command: claude\n", &["claude"]), ["claude"]);
}

#[test]
fn words_of_nested_texts_are_located() {
    let found = list("command: [bash, -c, \"su u -c 'sh -c \\\"flock /l prog x\\\"'\"]\n");
    assert_eq!(found, ["prog", "flock"]);
    let found = list("command:\n- sh\n- -c\n- |\n  C=claude\n  F=flock\n  $$F /l \"$$C\" x\n");
    assert_eq!(found, ["\"$$C\"", "$$F"]);
}

/// Compose put a value in: what follows is found again; and where it is not, the span has no width.
#[test]
fn words_after_a_compose_variable_are_located() {
    let sources = Sources::default();
    let text = "command: [sh, -c, 'flock /x/${A:-b}.lock prog x; ${B:-c}']\n";
    let file = file(&sources, text);
    let stream = yaml::parse(file, text, Limits::default()).unwrap();
    let items = stream.documents[0].get("command").unwrap().as_seq().unwrap().to_vec();
    let value = |at: usize, text: &str| Value::known(text, Some(items[at].span));
    let words = vec![value(0, "sh"), value(1, "-c"), value(2, "flock /x/b.lock prog x; c")];
    let command = Command { words, span: items[0].span };
    let script = read_commands(Some(&command), None, &sources);
    let slice = |span: Span| sources.get(span.file).slice(span).to_owned();
    assert_eq!(slice(script.invocations[0].span), "prog");
    assert_eq!(slice(script.invocations[0].locks[0].span), "flock");
    assert_eq!(slice(script.invocations[1].span), "");
    assert_eq!(script.invocations[1].span.start, items[2].span.start);
}

#[test]
fn word_without_position_gets_the_position_of_its_command() {
    let sources = Sources::default();
    let file = file(&sources, "x\n");
    let span = Span::at(file, Pos::START);
    let words = ["sh", "-c", "flock /l prog"].map(|word| Value::known(word, None)).to_vec();
    let script = read_commands(Some(&Command { words, span }), None, &sources);
    assert_eq!(script.invocations[0].span, span);
    assert_eq!(script.invocations[0].locks[0].span, span);
}
