//! Spans: the text at a span is the word, through continued lines, comments and escapes.

use super::{Made, made};
use crate::input::dockerfile::BuildStep;
use crate::input::shell;
use crate::model::{Command, Script};

/// The text at the place of each command that something runs, and of each lock.
fn marked(made: &Made, command: &Command) -> Vec<String> {
    let script: Script = shell::read_commands(Some(command), None, &made.sources);
    let locks = script.invocations.iter().flat_map(|invocation| &invocation.locks).map(|lock| lock.span);
    let spans = script.invocations.iter().map(|invocation| invocation.span).chain(locks);
    spans.map(|span| made.sources.get(span.file).slice(span).to_owned()).collect()
}

fn entry(text: &str) -> Vec<String> {
    let made = made(&format!("{text}\n"));
    marked(&made, made.image.entrypoint.as_ref().or(made.image.command.as_ref()).unwrap())
}

fn run(text: &str) -> Vec<String> {
    let made = made(&format!("FROM x\n{text}\n"));
    assert!(made.image.unseen.is_empty(), "{text}: {:?}", made.image.unseen);
    let Some(BuildStep::Run(ran)) = made.image.steps.last().map(AsRef::as_ref) else { panic!("{text}: no RUN") };
    marked(&made, &ran.command)
}

#[test]
fn a_command_is_found_in_its_file() {
    assert_eq!(entry("FROM x\nCMD flock /l prog x"), ["prog", "flock"]);
    assert_eq!(entry("FROM x\nCMD [\"flock\", \"/l\", \"prog\"]"), ["prog", "flock"]);
    assert_eq!(entry("FROM x\nENTRYPOINT [\"sh\", \"-c\", \"é; flock /l prog x\"]"), ["é", "prog", "flock"]);
    assert_eq!(entry("FROM x\nENTRYPOINT [\"bash\", \\\n   \"-c\", \\\n   \"flock /l prog\"]"), ["prog", "flock"]);
    assert_eq!(entry("FROM x\nSHELL [\"bash\",\"-c\"]\nCMD prog"), ["prog"]);
    assert_eq!(entry("FROM x\nHEALTHCHECK CMD other\nCMD \\\n  prog x"), ["prog"]);
}

#[test]
fn continued_lines_keep_their_places() {
    for text in [
        "RUN one a && \\\n    two b && \\\n        flock /l three",
        "RUN one a && \\  \n\ttwo b \\\n\t && flock /l three",
        "RUN one a && \\\n# a comment\n    two b && \\\n   # another \\\n\n    flock /l three",
        "RUN one \\\n  --x \\\n  'y  z' && two \\\n # no\n  b && flock /l three",
        "RUN \\\n   one \\\n&& two && flock /l three",
        "RUN one && \\\r\n    two && \\\r\n\r\n   # é\r\n  flock /l three\r\n",
        "run set -e; one && two && \\\n   \\\n  flock /l three \\\n",
        "RUN --mount=type=cache,target=/c \\\n   --network=none \\\n  one && two && flock /l three",
    ] {
        let found = run(text);
        let found: Vec<&str> = found.iter().map(String::as_str).filter(|word| *word != "set").collect();
        assert_eq!(found, ["one", "two", "three", "flock"], "{text}");
    }
    let escaped = "# escape=`\nFROM x\nCMD one && `\n  # c\n  two && `  \n     flock /l three";
    assert_eq!(entry(escaped), ["one", "two", "three", "flock"]);
}

#[test]
fn a_word_that_two_lines_make_has_a_place_of_no_width() {
    assert_eq!(run("RUN on\\\ne && two"), ["", "two"]);
}

#[test]
fn here_documents_keep_their_places() {
    assert_eq!(run("RUN <<EOF\none a\n  two b\nflock /l three\nEOF"), ["one", "two", "three", "flock"]);
    assert_eq!(run("RUN <<-EOF\n\tone a\n\t\ttwo b\n\tEOF"), ["one", "two"]);
    assert_eq!(run("RUN <<EOF\n#!/bin/bash -e\none\n#c\ntwo\nEOF"), ["one", "two"]);
    assert_eq!(run("RUN <<EOF\n#!/usr/bin/env bash\none\nEOF"), ["one"]);
    assert_eq!(run("RUN cat <<EOF > /x && two\ntext\nEOF"), ["cat", "two"]);
    assert_eq!(run("RUN cat <<'A B' > /x && two \\\n  && three\ntext\nA B"), ["cat", "two", "three"]);
    // What a shell reads is read in its place.
    assert_eq!(run("RUN bash <<EOF\n\nEOF\n"), [""; 0]);
    assert_eq!(run("RUN bash <<EOF\none a\nEOF\n"), ["one"]);
    assert_eq!(run("RUN <<EOF\r\none\r\ntwo\r\nEOF\r\n"), ["one", "two"]);
}

#[test]
fn names_of_variables_are_shown_and_never_their_values() {
    let made = made(
        "FROM x\nARG TOKEN=hunter2\nENV A=hunter2 \\\n   B=\"hunter2\"\nENV C hunter2\nENV BAD=\"hunter2\nARG ${hunter2:=\n",
    );
    let names = ["A", "B", "C"].map(|name| {
        let span = made.image.env[name].span;
        made.sources.get(span.file).slice(span).to_owned()
    });
    assert_eq!(names, ["A", "B", "C"]);
    assert_eq!(made.image.unseen.len(), 1);
    assert!(made.image.unseen.iter().all(|unseen| !unseen.what.contains("hunter2")), "{:?}", made.image.unseen);
}

#[test]
fn values_keep_their_places() {
    let made = made("FROM deb AS x\nUSER  me \nWORKDIR /a b\nLABEL k=\"v w\" l=\nVOLUME [\"/d\"]\n");
    let slice = |span: Option<crate::text::Span>| made.sources.get(made.file).slice(span.unwrap()).to_owned();
    assert_eq!(slice(made.image.user.as_ref().unwrap().span), "me");
    assert_eq!(slice(made.image.working_dir.as_ref().unwrap().span), "/a b");
    assert_eq!(slice(Some(made.image.labels["k"].span)), "k=\"v w\"");
    assert_eq!(slice(Some(made.image.labels["l"].span)), "l=");
    assert_eq!(slice(made.image.volumes[0].span), "\"/d\"");
    let super::BaseImage::Named(name) = &made.image.base else { panic!("{:?}", made.image.base) };
    assert_eq!(slice(name.span), "deb");
}
