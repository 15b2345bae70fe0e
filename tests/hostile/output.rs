//! Foreign text in every place that it can come from, in every format, read back: nothing in it moves a cursor, turns a
//! line round, is there unseen, or is a command to the runner that shows it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;
use std::time::Instant;

use overlock::cli::Cli;
use overlock::command::{self, World};
use proptest::prelude::*;
use regex::Regex;
use serde_json::{Value, json};

use crate::harness::{Run, command, overlock, project, root, run};
use crate::readers::{FORMATS, counted_files, counted_findings};

/// What no output has as it is; its lines are split before.
static UNSEEN: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]").unwrap());
/// What GitHub's, Azure's and TeamCity's runners obey anywhere in a line.
static COMMAND: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"##[A-Za-z0-9]*\[").unwrap());
/// What GitHub's obeys after blanks.
static LINE_COMMAND: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^\s*::[A-Za-z]").unwrap());
static ANNOTATION: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^::(error|warning|notice) [^:]*::").unwrap());

/// Parts of foreign text.
const PARTS: &[&str] = &[
    "\u{80}",
    "\u{85}",
    "\u{9b}31m",
    "\u{202a}",
    "\u{202e}",
    "\u{2066}",
    "\u{2069}",
    "\u{200b}",
    "\u{200f}",
    "\u{feff}",
    "\u{2060}",
    "\u{2064}",
    "\u{e0001}",
    "\u{e0041}",
    "\u{e0100}",
    "\u{fe0f}",
    "\u{ad}",
    "\u{2028}",
    "\u{2029}",
    "\u{61c}",
    "\u{34f}",
    "\u{3164}",
    "\u{1b}[2J",
    "\r",
    "\n",
    "\t",
    "\u{7f}",
    "##[error]x",
    "##vso[task.complete]",
    "##",
    "[group]",
    "::error::x",
    "::add-mask::",
    "::stop-commands::x",
    " ",
    "::",
    "\n::error file=a::b",
    "a",
    "ß",
    "日",
    "🙂",
    "/",
    "\"",
    "'",
    "<b>",
    "&",
    "|",
    "`",
    "\\",
    "{{0}}",
    "%0A",
    "$",
    "]]>",
    "-->",
];

/// What of an output would be obeyed, or not be seen.
fn complaint(format: &str, text: &str) -> Option<String> {
    let wrong = |line: &str| {
        let ours = format == "github" && ANNOTATION.is_match(line);
        // What is between the colons of an annotation begins no line.
        UNSEEN.is_match(line) || COMMAND.is_match(line) || (LINE_COMMAND.is_match(line) && !ours)
    };
    text.split('\n').find(|line| wrong(line)).map(|line| format!("{format}: {line:?}"))
}

/// Every format, as each is written by one run; the JSON is printed.
fn outputs(call: &[&str], folder: &Path) -> (BTreeMap<String, String>, Run) {
    let directory = tempfile::tempdir().unwrap();
    let formats: Vec<&str> = FORMATS.into_iter().chain(["text", "prometheus"]).collect();
    let file = |format: &str| directory.path().join(format);
    let arguments: Vec<String> =
        formats.iter().map(|format| format!("--output={format}={}", file(format).display())).collect();
    let all: Vec<&str> =
        call.iter().copied().chain(["--output", "json"]).chain(arguments.iter().map(String::as_str)).collect();
    let run = overlock(folder, &all);
    assert!((0..=3).contains(&run.status), "{}", run.err);
    let read =
        |format: &&str| (format.to_string(), fs::read_to_string(file(format)).unwrap_or_else(|_| run.err.clone()));
    let mut texts: BTreeMap<String, String> = formats.iter().map(read).collect();
    texts.insert("json".to_owned(), run.out.clone());
    texts.insert("standard error".to_owned(), run.err.clone());
    (texts, run)
}

/// Looks at everything that is printed of a call; the findings and diagnostics are as many annotations.
fn look(call: &[&str], folder: &Path) -> Result<Value, String> {
    let (texts, run) = outputs(call, folder);
    if let Some(wrong) = texts.iter().find_map(|(format, text)| complaint(format, text)) {
        return Err(wrong);
    }
    let report = run.json();
    // What the run was influenced by is one more.
    let influenced = usize::from(!report["configuration"].as_array().unwrap().is_empty());
    let told = counted_findings(&report).len() + report["diagnostics"].as_array().unwrap().len() + influenced;
    let told = told + counted_files(&report).len();
    let annotations = texts["github"].lines().filter(|line| line.starts_with("::")).count();
    if told != annotations {
        return Err(format!("{told} told, {annotations} annotations: {}", texts["github"]));
    }
    Ok(report)
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

/// A project with the text wherever a compose file takes one.
fn compose(text: &str) -> String {
    let (own, path) = (quoted(text), quoted(&format!("/srv/{text}:/home/agent/.claude")));
    // As it is: what a parser takes no offence at.
    let raw: String = text.chars().filter(|c| !c.is_control() && !"'\u{2028}\u{2029}\u{feff}".contains(*c)).collect();
    format!(
        "# overlock: ignore[file-mount] {raw}\nservices:\n  a: # overlock: ignore[home-mounted] {raw}\n    image: {own}\n    \
         container_name: {own}\n    labels: {{overlock.role: {own}, overlock.guard: {own}, {own}: {own}}}\n    \
         environment: {{HOME: /home/agent, {own}: {own}}}\n    volumes: [{path}]\n    entrypoint: [claude, -p, {own}]\n    \
         {own}: {own}\n  b:\n    image: x\n    volumes: ['/srv/{raw}:/home/agent/.claude']\n    entrypoint: [claude, -p]\n  c:\n    \
         image: x\n    volumes: ['/srv/{raw}:/home/agent/.claude']\n    entrypoint: [claude, -p] # {raw}\n"
    )
}

/// A folder with that project in a file whose path has the text too.
fn written(text: &str) -> (tempfile::TempDir, String) {
    let name: String = text.chars().filter(|c| !"/\0".contains(*c)).take(40).collect();
    let name = format!("x{name}/compose.yaml");
    (project(&[(&name, &compose(text))]), name)
}

/// What runs, with the text in the names.
fn captured(text: &str) -> tempfile::TempDir {
    let path = root().join("fixtures/unguarded-call/bad-one-without/capture.json");
    let mut capture: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    capture["host"] = json!(text);
    for container in capture["containers"].as_array_mut().unwrap() {
        let name = format!("{}{text}", container["name"].as_str().unwrap());
        container["name"] = json!(name);
        container["project"] = json!(text);
        container["image"] = json!(text);
        container["gaps"] = json!([text]);
    }
    project(&[("capture.json", &serde_json::to_string(&capture).unwrap())])
}

fn foreign() -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(PARTS), 1..12).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_format_of_check_has_it(text in foreign()) {
        let (folder, name) = written(&text);
        look(&["check", &name], folder.path()).map_err(TestCaseError::fail)?;
        for picture in ["svg", "mermaid", "dot"] {
            let run = overlock(folder.path(), &["graph", "--format", picture, &name]);
            for shown in [run.out, run.err] {
                prop_assert_eq!(complaint(picture, &shown), None);
            }
        }
    }

    #[test]
    fn no_format_of_audit_has_it_and_json_gives_it_back(text in foreign()) {
        let folder = captured(&text);
        let report = look(&["audit", "--from", "capture.json"], folder.path()).map_err(TestCaseError::fail)?;
        let names = report["participants"].as_array().unwrap().iter().map(|one| one["container"].as_str().unwrap());
        let names: Vec<&str> = names.filter(|name| name.starts_with("agents")).collect();
        prop_assert!(!names.is_empty() && names.iter().all(|name| *name == format!("agents{text}")), "{:?}", names);
        let capture = overlock(folder.path(), &["capture", "--from", "capture.json"]);
        prop_assert_eq!(complaint("capture", &capture.out), None);
        prop_assert_eq!(complaint("standard error", &capture.err), None);
        let host = &capture.json()["host"];
        prop_assert_eq!(host.as_str(), Some(text.as_str()));
    }

    #[test]
    fn a_narrow_coloured_terminal_gets_colours_of_ours_alone(text in foreign(), width in 20u16..60) {
        let (folder, name) = written(&text);
        let world = World {
            environment: BTreeMap::from([("HOME".to_owned(), "/home/user".to_owned())]),
            directory: folder.path().to_owned(),
            terminal: Some(width),
            watched: false,
            started: Instant::now(),
            user: 0,
            host_configuration: folder.path().join("none.yaml"),
        };
        let cli = <Cli as clap::Parser>::try_parse_from(["overlock", "check", &name, "--color", "always"]).unwrap();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        command::run(&cli, &world, &mut out, &mut err).unwrap();
        let shown = String::from_utf8(out).unwrap();
        prop_assert!(shown.contains('\u{1b}'), "it is coloured");
        let colours = Regex::new("\u{1b}\\[[0-9;]*m").unwrap();
        prop_assert_eq!(complaint("text", &colours.replace_all(&shown, "")), None);
        prop_assert_eq!(complaint("standard error", &String::from_utf8(err).unwrap()), None);
    }
}

#[test]
fn no_format_has_it_in_the_name_of_a_file_that_is_not_judged() {
    for part in PARTS.iter().filter(|part| !part.contains('/')) {
        let (folder, file) = (format!("x{part}"), format!("x{part}/{part}x.service"));
        let job = "[Service]\nExecStart=docker run x claude\n";
        let project = project(&[(&file, job), (&format!("{folder}/compose.yaml"), "services: {a: {image: x}}\n")]);
        let report = look(&["check", "."], project.path()).unwrap();
        let named: Vec<&str> = counted_files(&report).into_iter().map(|one| one["file"].as_str().unwrap()).collect();
        assert_eq!(named, [file.as_str()], "{part:?}: {report}");
        let concise = overlock(project.path(), &["check", ".", "--format", "concise"]);
        assert_eq!((concise.out.lines().count(), complaint("concise", &concise.out)), (1, None), "{part:?}");
    }
}

#[test]
fn every_format_shows_that_something_is_there() {
    let text = "a\u{202e}\u{e0041}##[error]";
    let folder = captured(text);
    let (texts, _) = outputs(&["audit", "--from", "capture.json"], folder.path());
    for (format, shown) in &texts {
        let escape = match format.as_str() {
            "json" => "\\u202e\\udb40\\udc41#\\u0023[error]",
            // A string of JSON again.
            "sarif" | "gitlab" => "\\\\u{202e}\\\\u{e0041}#\\\\u{23}[error]",
            // Neither has a name in it.
            "prometheus" | "standard error" => continue,
            _ => "\\u{202e}\\u{e0041}#\\u{23}[error]",
        };
        assert!(shown.contains(escape), "{format}: {shown}");
    }
}

#[test]
fn ordinary_text_of_any_script_stays_as_it_is() {
    let text = "dev:/日本 ß é e\u{301} std::fs ## [x] #1";
    let folder = captured(text);
    let (texts, _) = outputs(&["audit", "--from", "capture.json"], folder.path());
    for format in ["text", "json", "sarif", "junit", "gitlab", "github"] {
        let wanted = if format == "sarif" { "日本 ß é" } else { "/日本 ß é e\u{301} std::fs ## [x] #1" };
        assert!(texts[format].contains(wanted), "{format}: {}", texts[format]);
    }
}

#[test]
fn what_is_typed_or_cannot_be_read_is_safe_on_standard_error() {
    let folder = project(&[]);
    for name in ["\u{1b}[31mx", "x\u{202e}y", "x\n::error::y", "##vso[task.complete]", "\u{e0041}"] {
        for arguments in
            [&["check", name][..], &["check", "-f", name], &["--config", name, "check"], &["explain", name]]
        {
            let run = overlock(folder.path(), arguments);
            assert_eq!(run.status, 2, "{arguments:?}");
            assert_eq!(complaint("standard error", &run.err), None);
        }
        let option = format!("--{name}");
        let format = format!("--format={name}");
        for arguments in [&["check", &option][..], &["check", &format], &[name], &["audit", "--host", name]] {
            let run = overlock(folder.path(), arguments);
            assert!(run.status >= 2, "{arguments:?}");
            assert_eq!(complaint("standard error", &run.err), None, "{arguments:?}");
        }
    }
    // What is typed as it should be is told in the words of the parser.
    let run = overlock(folder.path(), &["check", "--no-such"]);
    assert!(run.err.contains("unexpected argument '--no-such'"), "{}", run.err);
}

#[test]
fn page_of_another_rule_directory_is_safe() {
    let rules = root().join("rules");
    let folder = project(&[("r/explain/unguarded-share.md", "# a\u{202e}\n\n::error::x\n  ##[group]y\nplain\n")]);
    let run = overlock(folder.path(), &["--rules", "r", "explain", "unguarded-share"]);
    assert_eq!((run.status, complaint("page", &run.out)), (0, None), "{}", run.err);
    assert_eq!(run.out, "# a\\u{202e}\n\n\\u{3a}:error::x\n  #\\u{23}[group]y\nplain\n");
    let own = fs::read_to_string(rules.join("explain/unguarded-share.md")).unwrap();
    assert_eq!(overlock(folder.path(), &["explain", "unguarded-share"]).out, own, "ours is as it was");
}

#[test]
fn baseline_is_safe_to_look_at_and_means_the_same() {
    let folder = captured("\u{202e}\u{9b}##[group]");
    let call = ["audit", "--from", "capture.json"];
    let wrote = overlock(folder.path(), &[&call[..], &["--write-baseline=baseline.json"]].concat());
    assert_eq!(wrote.status, 0, "{}", wrote.err);
    assert_eq!(complaint("baseline", &fs::read_to_string(folder.path().join("baseline.json")).unwrap()), None);
    let again = overlock(folder.path(), &[&call[..], &["--baseline=baseline.json"]].concat());
    assert_eq!((again.status, again.err.as_str()), (0, ""));
}

/// A project whose chat can be given a login of its own, with a comment beside the line that changes.
fn fixable(comment: &str) -> tempfile::TempDir {
    let text = format!(
        "services:\n  agents:\n    image: a\n    volumes: [\"/srv/claude:/home/agent/.claude\"]\n    entrypoint: [flock, -w, \
         \"600\", /home/agent/.claude/session.lock, claude, -p]\n  chat:\n    image: a\n    tty: true\n    stdin_open: \
         true\n    volumes:\n      - /srv/claude:/home/agent/.claude\n{comment}    entrypoint: [claude]\n"
    );
    project(&[("compose.yaml", &text)])
}

#[test]
fn diff_on_a_pipe_is_no_command_and_says_when_it_does_not_apply() {
    for (comment, shown) in [
        ("", None),
        ("    # \u{9b}\n", Some("# \\u{9b}")),
        ("    # \u{202e}\n", Some("# \\u{202e}")),
        ("# ##[group]x\n", Some("# #\\u{23}[group]x")),
        // Two lines away it is left out.
        ("    # plain\n    # \u{202e}\n", None),
    ] {
        let run = overlock(fixable(comment).path(), &["check", "--diff"]);
        assert!(run.out.contains("+      - /srv/claude-chat:/home/agent/.claude\n"), "{} {}", run.out, run.err);
        assert_eq!(complaint("diff", &run.out), None);
        assert_eq!(complaint("standard error", &run.err), None);
        let told = run.err.contains("the diff of compose.yaml cannot be applied");
        assert_eq!(told, shown.is_some(), "{comment:?}: {}", run.err);
        assert!(shown.is_none_or(|shown| run.out.contains(shown)), "{}", run.out);
    }
}

#[test]
fn watch_and_where_print_nothing_of_it() {
    // Both are printed line by line through one place: see `render::turn` and `render::located`.
    let folder = captured("\u{202e}::error::##[group]");
    let name = "agents\u{202e}::error::##[group]";
    let mut call = command(folder.path(), &["where", "--from", "capture.json", name, "/home/agent/.claude"]);
    call.env("NO_COLOR", "1");
    let shown = run(call);
    assert_eq!(complaint("where", &shown.out), None);
    assert_eq!(complaint("standard error", &shown.err), None);
    for format in ["json", "text"] {
        let call = ["where", "--from", "capture.json", name, "/home/agent/.claude", "--format", format];
        assert_eq!(complaint(format, &overlock(folder.path(), &call).out), None);
    }
}
