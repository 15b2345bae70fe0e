//! Which calls are seen, and under which locks.

use super::*;
use crate::model::Wait;

/// Reads shell text as `sh -c TEXT` and tells each call of `prog` with its locks.
fn locks(text: &str) -> Vec<String> {
    let sources = Sources::default();
    let file = sources.add("x", text);
    let span = Span::file_start(file);
    let words = ["sh", "-c", text].map(|word| Value::known(word, Some(span))).to_vec();
    let script = read(Some(&Command { words, span }), None, &sources);
    let mut seen: Vec<String> = script
        .invocations
        .iter()
        .filter(|call| call.argv.first().is_some_and(|word| word == "prog"))
        .map(|call| {
            let lock = |lock: &crate::model::FileLock| {
                let wait = match lock.wait {
                    Wait::Forever => String::new(),
                    Wait::Seconds(seconds) => format!(" {seconds}s"),
                    Wait::No => " at once".to_owned(),
                    Wait::Unknown => " unknown wait".to_owned(),
                };
                let shared = if lock.exclusive { "" } else { " shared" };
                let ignored = if lock.failure_ignored { " ignored" } else { "" };
                let only = lock.condition.as_ref().map_or_else(String::new, |name| format!(" if {name}"));
                format!("{}{wait}{shared}{ignored}{only}", lock.path)
            };
            let locks: Vec<String> = call.locks.iter().map(lock).collect();
            if locks.is_empty() { "bare".to_owned() } else { locks.join(", ") }
        })
        .collect();
    if script.sight == Sight::Partial {
        seen.push("partial".to_owned());
    }
    seen
}

#[test]
fn forms_that_hold_the_lock() {
    let cases = [
        ("flock L prog -p", "L"),
        ("flock -w 600 L prog", "L 600s"),
        ("flock -w600 L prog", "L 600s"),
        ("flock --wait=5 -x L prog", "L 5s"),
        ("flock --timeout 5 L prog", "L 5s"),
        ("flock -n L prog", "L at once"),
        ("flock L -c 'prog -p x'", "L"),
        ("flock L sh -c 'cd /x && prog'", "L"),
        ("flock \"$HOME/.claude/l\" prog", "$HOME/.claude/l"),
        ("( flock 9; prog ) 9>L", "L"),
        ("( flock 9 || exit 1; prog ) 9>>L", "L"),
        ("{ flock 9; prog; } 9>L", "L"),
        ("exec 9>L; flock 9; prog", "L"),
        ("exec 9<>L\nflock 9\nprog", "L"),
        ("exec {fd}>L; flock \"$fd\"; prog", "L"),
        ("exec {fd}>L; flock -x ${fd}; prog", "L"),
        ("exec 9>L; flock -n 9 || exit 1; prog", "L at once"),
        ("exec 9>L; flock -w 5 9 && prog", "L 5s"),
        ("exec 9>L; if flock -w 5 9; then prog; fi", "L 5s"),
        ("exec 9>L; if ! flock -w 5 9; then exit 1; fi; prog", "L 5s"),
        ("set -e; exec 9>L; flock -w 5 9; prog", "L 5s"),
        ("set -euo pipefail; exec 9>L; flock -w 5 9; prog", "L 5s"),
        ("exec 9>L; while ! flock -n 9; do sleep 1; done; prog", "L"),
        ("exec 9>L; until flock -n 9; do sleep 1; done; prog", "L"),
        ("exec 9>L; flock 9; prog &", "L"),
        ("exec 9>L; flock 9; x=$(prog)", "L"),
        ("exec 9>L; flock 9; prog | cat", "L"),
        ("exec 9>L; flock 9; timeout 60 env A=b nice -n 5 prog", "L"),
        ("exec 9>L; flock 9; prog 9>&-", "L"),
        ("f() { flock 9; prog; }; exec 9>L; f", "L"),
        ("f() { ( flock 9; \"$@\" ) 9>L; }; g() { flock L prog; }; g", "L"),
        ("LOCK=/a/l; flock \"$LOCK\" prog", "/a/l"),
        ("LOCK=$HOME/l; flock \"${LOCK}\" prog", "$HOME/l"),
        ("while true; do flock L prog; sleep 60; done", "L"),
        ("exec flock L prog", "L"),
        ("exec 9>L; flock 9; exec prog", "L"),
    ];
    for (text, wanted) in cases {
        assert_eq!(locks(text), [wanted], "{text}");
    }
}

#[test]
fn traps_that_do_not_hold_it() {
    let cases: &[(&str, &[&str])] = &[
        ("prog", &["bare"]),
        ("exec 9>L; prog; flock 9", &["bare"]),
        ("exec 9>L; flock 8; prog", &["bare"]),
        ("exec 9>L; flock 9; flock -u 9; prog", &["bare"]),
        ("exec 9>L; flock 9; exec 9>&-; prog", &["bare"]),
        ("( flock 9 ) 9>L; prog", &["bare"]),
        ("{ flock 9; } 9>L; prog", &["bare"]),
        ("flock L true; prog", &["bare"]),
        ("flock L true && prog", &["bare"]),
        ("exec 9>L; flock 9 | cat; prog", &["bare"]),
        ("flock -s L prog", &["L shared"]),
        ("exec 9>L; flock -w 5 9 || true; prog", &["L 5s ignored"]),
        ("exec 9>L; flock -n 9; prog", &["L at once ignored"]),
        ("exec 9>L; f() { flock -n 9 || return 1; }; f; prog", &["L at once ignored"]),
        ("exec 9>L; if flock -n 9; then prog; else prog; fi", &["L at once", "L at once ignored"]),
        ("flock L prog; prog", &["L", "bare"]),
        ("exec 9>L; [ -n \"$X\" ] && flock 9; prog", &["L if X"]),
        ("exec 9>L; if [ -n \"$X\" ]; then flock 9; fi; prog", &["L if X"]),
        ("exec 9>L; if [[ -n $X ]]; then flock 9 || exit 1; fi; prog", &["L if X"]),
    ];
    for (text, wanted) in cases {
        assert_eq!(locks(text), *wanted, "{text}");
    }
}

#[test]
fn what_is_not_understood_is_said() {
    for text in [
        ". /lib.sh; prog",
        "source lib.sh; prog",
        "eval \"$X\"; prog",
        "exec 9>L; if some-test; then flock 9; fi; prog",
        "prog; if",
        "bash /x.sh",
        "./run.sh",
        "$CMD",
        "flock --frobnicate L prog",
        "trap prog EXIT",
    ] {
        assert_eq!(locks(text).last().map(String::as_str), Some("partial"), "{text}");
    }
}

#[test]
fn an_images_own_entrypoint_is_not_seen() {
    let sources = Sources::default();
    let file = sources.add("x", "");
    let span = Span::file_start(file);
    let command = Command { words: vec![Value::known("prog", Some(span))], span };
    assert_eq!(read(None, Some(&command), &sources).sight, Sight::Arguments);
    assert_eq!(read(Some(&command), None, &sources).sight, Sight::Whole);
    assert_eq!(read(None, None, &sources).sight, Sight::Partial);
}

#[test]
fn a_call_is_found_where_it_is_written() {
    let text = "entrypoint:\n  - sh\n  - -c\n  - |\n    exec 9>L\n    flock 9\n    prog -p secret\n";
    let sources = Sources::default();
    let file = sources.add("x", text);
    let at = |line, column, end_line, end_column| Span {
        file,
        start: crate::text::Pos { line, column },
        end: crate::text::Pos { line: end_line, column: end_column },
    };
    let words = vec![
        Value::known("sh", Some(at(2, 5, 2, 7))),
        Value::known("-c", Some(at(3, 5, 3, 7))),
        Value::known("exec 9>L\nflock 9\nprog -p secret\n", Some(at(4, 5, 8, 1))),
    ];
    let script = read(Some(&Command { words, span: at(2, 3, 8, 1) }), None, &sources);
    let call = script.invocations.last().unwrap();
    assert_eq!(sources.get(file).slice(call.span), "prog");
    assert_eq!(sources.get(file).slice(call.locks[0].span), "flock");
}

#[test]
fn hostile_text_is_bounded() {
    for text in [
        "( ".repeat(20_000),
        "f() { f; f; }; f".to_owned(),
        "$(".repeat(5_000),
        "if true; then ".repeat(3_000),
        "a && ".repeat(5_000),
    ] {
        let _ = locks(&text);
    }
    let mut chain = String::new();
    for n in 0..40 {
        chain.push_str(&format!("f{n}() {{ f{}; f{}; }}\n", n + 1, n + 1));
    }
    chain.push_str("f0");
    assert_eq!(locks(&chain).last().map(String::as_str), Some("partial"));
}
