//! Input that is wrong: one clear diagnostic with its place, the rest still judged, never a panic, and bounded.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::harness::{Run, overlock, project};

const GOOD: &str = "\
services:
  one:
    image: x
    volumes: [/srv/claude:/home/agent/.claude]
    entrypoint: [claude, -p]
  two:
    image: x
    volumes: [/srv/claude:/home/agent/.claude]
    entrypoint: [claude, -p]
";

/// Runs with less memory than a runaway would need: 512 MiB of address space.
fn bounded(directory: &Path, arguments: &str) -> Run {
    let mut command = Command::new("sh");
    let binary = env!("CARGO_BIN_EXE_overlock");
    command.args(["-c", &format!("ulimit -v 524288; exec {binary} {arguments}")]);
    command.current_dir(directory).env_clear().env("HOME", "/home/user");
    crate::harness::run(command)
}

/// Checks a broken file beside a good project: what is said of the broken one, and that the good one is judged.
fn check(content: &[u8]) -> (Vec<(String, u64, u64, String)>, i32) {
    let directory = project(&[("good/compose.yaml", GOOD), ("broken/compose.yaml", "")]);
    fs::write(directory.path().join("broken/compose.yaml"), content).unwrap();
    let run = bounded(directory.path(), "check --format json good broken");
    let report = run.json();
    let findings = report["breaches"].as_array().unwrap();
    let good = findings.iter().filter(|finding| finding["rule"] == "unguarded-share" && finding["project"] == "good");
    assert_eq!(good.count(), 2, "the good project is judged all the same");
    let told = report["diagnostics"].as_array().unwrap().iter().map(|one| {
        let place = |key: &str| one[key].as_u64().unwrap_or(0);
        assert_eq!(one["file"], "broken/compose.yaml");
        (
            one["severity"].as_str().unwrap().to_owned(),
            place("line"),
            place("column"),
            one["message"].as_str().unwrap().to_owned(),
        )
    });
    (told.collect(), run.status)
}

/// A name, what is in the file, how bad that is, line and column, and words of the message.
type Case = (&'static str, &'static [u8], &'static str, u64, u64, &'static str);

#[test]
fn each_gets_one_diagnostic_where_it_is() {
    let cases: &[Case] = &[
        ("not YAML", b"services:\n  a: [1, 2\n  b: 3\n", "error", 3, 4, "not valid YAML"),
        ("not a mapping", b"- a\n- b\n", "error", 1, 1, "is a mapping"),
        ("a scalar", b"hello\n", "error", 1, 1, "is a mapping"),
        ("empty", b"", "error", 1, 1, "empty"),
        ("only a comment", b"# nothing\n", "error", 1, 1, "empty"),
        ("no services", b"volumes: {}\n", "error", 1, 1, "no `services`"),
        ("services is a list", b"services:\n  - a\n", "error", 2, 3, "services: expected a mapping"),
        ("a null service", b"services:\n  a:\n", "error", 2, 3, "a: expected a mapping, found null"),
        ("a list for a service", b"services:\n  a: [x]\n", "error", 2, 6, "a: expected a mapping, found a list"),
        ("a map for volumes", b"services:\n  a: {image: x, volumes: {a: b}}\n", "error", 2, 26, "expected a list"),
        ("a list for a value", b"services:\n  a: {image: x, environment: {A: [b]}}\n", "error", 2, 34, "found a list"),
        ("an unknown key", b"services:\n  a: {image: x, volums: [b]}\n", "gap", 2, 17, "`volums` is no key"),
        ("duplicate keys", b"services:\n  a:\n    image: x\n    image: y\n", "error", 4, 5, "`image` occurs twice"),
        ("invalid UTF-8", b"services:\n  a: {image: \xff}\n", "error", 2, 14, "UTF-8"),
        ("a tab", b"services:\n\ta: {image: x}\n", "error", 2, 2, "not valid YAML"),
        ("an unknown anchor", b"services:\n  a: *nothing\n", "error", 2, 6, "not valid YAML"),
        ("an anchor in itself", b"services: &a\n  a: *a\n", "error", 2, 6, "alias"),
        ("a bad variable", b"services:\n  a:\n    image: ${\n", "error", 3, 12, "`$$`"),
        ("no volume", b"services:\n  a: {image: x, volumes: [vv:/v]}\n", "warning", 2, 27, "`vv` is not defined"),
        ("no base", b"services:\n  a: {image: x, extends: {service: b}}\n", "error", 2, 17, "no service `b`"),
        ("itself", b"services:\n  a: {image: x, extends: a}\n", "error", 2, 17, "circle"),
        ("no image", b"services:\n  a: {user: x}\n", "warning", 2, 3, "neither `image` nor `build`"),
        ("includes itself", b"include: [compose.yaml]\nservices: {a: {image: x}}\n", "error", 1, 11, "circle"),
        ("include is a scalar", b"include: x.yaml\nservices: {a: {image: x}}\n", "error", 1, 10, "is a list of files"),
    ];
    for (name, content, severity, line, column, words) in cases {
        let (told, status) = check(content);
        let [(is, at_line, at_column, message)] = told.as_slice() else { panic!("{name}: {told:?}") };
        assert_eq!((is.as_str(), *at_line, *at_column), (*severity, *line, *column), "{name}: {message}");
        assert!(message.contains(words), "{name}: {message}");
        // Unreadable input outweighs findings; a part that is left out does not.
        assert_eq!(status, if *severity == "error" { 2 } else { 1 }, "{name}");
    }
}

#[test]
fn line_ends_and_byte_order_marks_are_no_mistake() {
    for text in [GOOD.replace('\n', "\r\n"), format!("\u{feff}{GOOD}")] {
        let (told, status) = check(text.as_bytes());
        assert_eq!((told, status), (Vec::new(), 1));
    }
    let directory = project(&[("compose.yaml", &format!("\u{feff}{}", GOOD.replace('\n', "\r\n")))]);
    let report = overlock(directory.path(), &["check", "--format", "json"]).json();
    let located = report["breaches"][0]["locations"].as_array().unwrap();
    let places: Vec<_> =
        located.iter().map(|at| (at["line"].as_u64().unwrap(), at["column"].as_u64().unwrap())).collect();
    assert_eq!(places[..2], [(5, 18), (4, 15)]);
}

#[test]
fn hostile_files_are_bounded_in_memory() {
    let mut bomb = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for n in 1..30 {
        bomb.push_str(&format!("a{n}: &a{n} [{}]\n", format!("*a{},", n - 1).repeat(10)));
    }
    let merges = format!("x-x: &x {{image: y}}\nservices:\n  a:\n    <<: [{}]\n", "*x,".repeat(100_000));
    let cases: &[(&str, String, &str)] = &[
        ("an alias bomb", bomb, "aliases"),
        ("10,000 levels in blocks", format!("services: {}x", "- ".repeat(10_000)), ""),
        ("10,000 levels in flow", format!("services: {}", "[".repeat(10_000)), ""),
        ("10,000 levels of keys", (0..10_000).map(|n| format!("{}a:\n", " ".repeat(n))).collect(), ""),
        ("10 MB", format!("services: {{a: {{image: x}}}}\n# {}\n", "x".repeat(10 << 20)), "larger than"),
        ("10 MB of keys", (0..700_000).map(|n| format!("key-{n}: x\n")).collect(), "larger than"),
        (
            "nested defaults",
            format!("services: {{a: {{image: \"{}x{}\"}}}}", "${A:-".repeat(9_000), "}".repeat(9_000)),
            "`$$`",
        ),
        ("many merges", merges, ""),
    ];
    for (name, text, words) in cases {
        let (told, status) = check(text.as_bytes());
        if *name == "many merges" {
            assert_eq!((told.len(), status), (0, 1), "{name}: {told:?}");
            continue;
        }
        assert_eq!((told.len(), status), (1, 2), "{name}: {told:?}");
        assert!(told[0].3.contains(words), "{name}: {told:?}");
    }
}

#[test]
fn what_cannot_be_read_is_said_and_the_rest_is_judged() {
    let directory = project(&[("good/compose.yaml", GOOD), ("empty/readme.txt", "")]);
    let run = |path: &str| {
        let run = overlock(directory.path(), &["check", "--format", "json", "good", path]);
        assert_eq!(run.json()["summary"]["participants"], 2);
        run
    };
    let report = |path: &str| {
        let run = run(path);
        assert_eq!(run.status, 2);
        run.json()["diagnostics"][0]["message"].as_str().unwrap().to_owned()
    };
    assert!(report("nowhere").contains("No such file"));
    let alone = overlock(directory.path(), &["check", "good"]).status;
    assert_eq!(run("empty").status, alone, "a directory may hold nothing");
    fs::create_dir(directory.path().join("loop")).unwrap();
    std::os::unix::fs::symlink("compose.yaml", directory.path().join("loop/compose.yaml")).unwrap();
    assert_eq!(run("loop").status, alone, "what leads nowhere is no file to Compose either");
    assert!(report("loop/compose.yaml").contains("symbolic links"));
}

#[test]
fn a_file_without_permission_is_said() {
    let directory = project(&[("compose.yaml", GOOD)]);
    let file = directory.path().join("compose.yaml");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).unwrap();
    let readable = fs::read(&file).is_ok();
    let run = if readable {
        // Root reads everything; a user of no rights does not.
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--clear-groups", env!("CARGO_BIN_EXE_overlock"), "check", "--format", "json"]);
        command.current_dir(directory.path()).env_clear().env("HOME", "/").env("PATH", "/usr/bin:/bin");
        crate::harness::run(command)
    } else {
        overlock(directory.path(), &["check", "--format", "json"])
    };
    assert_eq!(run.status, 2, "{}", run.err);
    assert!(run.json()["diagnostics"][0]["message"].as_str().unwrap().contains("Permission denied"), "{}", run.out);
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let directory = project(&[("compose.yaml", GOOD)]);
    let binary = env!("CARGO_BIN_EXE_overlock");
    let mut command = Command::new("sh");
    command.args(["-c", &format!("( {binary} check; echo $? >&2 ) | true")]).current_dir(directory.path());
    let run = crate::harness::run(command);
    assert_eq!(run.err.trim(), "1", "the status is the finding's, not the pipe's");
}
