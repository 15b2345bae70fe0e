//! Script files: which of them are followed, from where, and with what.

use std::collections::BTreeMap;

use super::{list, shown};
use crate::input::shell::file_system::{FileSystem, Lookup};
use crate::input::shell::{ExecContext, read_no_recipes, run_commands};
use crate::model::{Sight, USUAL_PATH};
use crate::text::{FileId, Sources};

struct Held(BTreeMap<String, FileId>);

impl FileSystem for Held {
    fn open(&self, path: &str) -> Lookup {
        match self.0.get(path) {
            Some(file) => Lookup::Text(*file),
            None if path.starts_with("/bin/") => Lookup::Binary,
            None if path.starts_with("/away/") => Lookup::Unseen("it is in an image from elsewhere".into()),
            None => Lookup::Absent,
        }
    }
}

/// What words run among files, and where the last of it is written.
fn found(words: &[&str], files: &[(&str, &str)]) -> (String, String) {
    let (sources, command) = list(words);
    let held = files.iter().map(|(path, text)| ((*path).to_owned(), sources.add(*path, *text)));
    let disk = Held(held.collect());
    let lookup = |name: &str| match name {
        "HOME" => Some("/home/agent".to_owned()),
        "LIB" => Some("/opt/lib".to_owned()),
        _ => None,
    };
    let names = ["claude".to_owned()];
    let setting = ExecContext {
        sources: &sources,
        file_system: &disk,
        directory: Some("/app"),
        environment: &lookup,
        search_path: USUAL_PATH,
        is_set: &|name| lookup(name).is_some(),
        decides: true,
        home: &|_| None,
        user: None,
        hides: false,
        programs: &|| &names,
        login_file: &|_| None,
        recipes: read_no_recipes,
    };
    let (script, _) = run_commands(Some(&command), None, &setting);
    let place = script.invocations.last().map_or_else(String::new, |call| place(&sources, call.span));
    let why = script.unseen.clone().unwrap_or_default();
    (shown(&script), if script.sight == Sight::Whole { place } else { why })
}

fn place(sources: &Sources, span: crate::text::Span) -> String {
    let file = sources.get(span.file);
    format!("{}:{}:{}", file.name(), span.start.line, file.slice(span))
}

/// Words, the files among which they run, what runs, and where the last of it is written or why not all was seen.
type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str, &'a str);

fn check(cases: &[Case<'_>]) {
    for (words, files, expected, place) in cases {
        let words: Vec<&str> = words.split(' ').collect();
        let found = found(&words, files);
        assert_eq!((found.0.as_str(), found.1.as_str()), (*expected, *place), "{words:?} {files:?}");
    }
}

#[test]
fn script_files_are_read() {
    check(&[
        ("/run.sh", &[("/run.sh", "#!/bin/bash\nclaude -p\n")], "claude -p", "/run.sh:2:claude"),
        ("/run.sh a", &[("/run.sh", "prog \"$1\" \"$0\"")], "prog a /run.sh", "/run.sh:1:prog"),
        ("./run.sh", &[("/app/run.sh", "prog")], "prog", "/app/run.sh:1:prog"),
        ("run", &[("/usr/local/bin/run", "#!/bin/sh\nprog")], "prog", "/usr/local/bin/run:2:prog"),
        ("bash /run.sh x", &[("/run.sh", "prog $1")], "prog x", "/run.sh:1:prog"),
        ("bash -e run.sh", &[("/app/run.sh", "x\nprog")], "x ; prog", "/app/run.sh:2:prog"),
        ("tini -- /run.sh prog", &[("/run.sh", "exec \"$@\"\n")], "prog", "compose.yaml:1:prog"),
        ("/run.sh claude -p", &[("/run.sh", "exec \"$@\"\n")], "claude -p", "compose.yaml:1:claude"),
        ("flock /l /run.sh", &[("/run.sh", "prog")], "prog @/l", "/run.sh:1:prog"),
        ("/run.sh", &[("/run.sh", "#!/bin/bash -e\r\nflock 9\r\nprog\r\n")], "prog", "/run.sh:3:prog"),
    ]);
}

#[test]
fn sourced_files_are_read_in_place() {
    let lib = "under() { ( flock -w 600 9 || exit 1; \"$@\" ) 9>\"$HOME/l\"; }\n";
    check(&[
        (
            "/run.sh",
            &[("/run.sh", ". /opt/lib/a.sh\nunder claude -p\n"), ("/opt/lib/a.sh", lib)],
            "claude -p @$HOME/l:600s",
            "/run.sh:2:claude",
        ),
        (
            "/a/run.sh",
            &[("/a/run.sh", "source \"$(dirname \"$0\")/lib.sh\"\nunder prog\n"), ("/a/lib.sh", lib)],
            "dirname /a/run.sh ; prog @$HOME/l:600s",
            "/a/run.sh:2:prog",
        ),
        (
            "/a/b/run.sh",
            &[
                (
                    "/a/b/run.sh",
                    "here=\"$(cd \"$(dirname \"${BASH_SOURCE[0]}\")/..\" >/dev/null 2>&1 && pwd -P)\"\n. \"$here/lib.sh\"\nprog",
                ),
                ("/a/lib.sh", "export A=b"),
            ],
            "dirname /a/b/run.sh ; pwd -P ; A=b prog",
            "/a/b/run.sh:3:prog",
        ),
        ("/a/run.sh", &[("/a/run.sh", ". \"${0%/*}/lib.sh\"; prog"), ("/a/lib.sh", "A=b")], "prog", "/a/run.sh:1:prog"),
        (
            "/r.sh",
            &[("/r.sh", "source $LIB/x.sh; f"), ("/opt/lib/x.sh", "f() { prog; }")],
            "prog",
            "/opt/lib/x.sh:1:prog",
        ),
        (
            "/r.sh",
            &[("/r.sh", "source \"${MORE:-/opt/lib}/x.sh\"; prog"), ("/opt/lib/x.sh", "return; never")],
            "prog",
            "/r.sh:1:prog",
        ),
        (
            "/r.sh",
            &[("/r.sh", "[ -f ~/x.sh ] && . ~/x.sh; prog"), ("/home/agent/x.sh", "a")],
            "a ; prog",
            "/r.sh:1:prog",
        ),
        ("/r.sh", &[("/r.sh", ". /etc/os-release; prog")], "prog", "/r.sh:1:prog"),
    ]);
}

#[test]
fn missing_and_foreign_files_are_named() {
    check(&[
        ("/run.sh", &[], "/run.sh ; ~", "the script `/run.sh` was not found where it should be"),
        (
            "/away/run.sh",
            &[],
            "/away/run.sh ; ~",
            "the script `/away/run.sh` was not read: it is in an image from elsewhere",
        ),
        ("/r.sh", &[("/r.sh", ". /x.sh; prog")], "prog ; ~", "`/x.sh` is sourced and was not found"),
        ("/r.sh", &[("/r.sh", ". $X/x.sh; prog")], "prog ; ~", "`$X/x.sh` is sourced and was not read"),
        (
            "python3 /a.py",
            &[("/a.py", "import os\nos.system('claude -p')\n")],
            "python3 /a.py ; ~",
            "/a.py:2 names `claude`, and what it does with it was not read: `/a.py` is run by `python3`",
        ),
        (
            "/a.py",
            &[("/a.py", "#!/usr/bin/env python3\nx = 'claude-code'\n")],
            "/a.py ; ~",
            "the script `/a.py`, run by `python3`, was not read",
        ),
        ("/r.sh", &[("/r.sh", "if then\nprog")], "prog ; ~", "line 1 of /r.sh could not be read as shell"),
    ]);
}

#[test]
fn a_script_with_the_name_of_a_program_stands_for_it() {
    let path = "/usr/local/bin/claude";
    check(&[
        (
            "flock /l claude -p go",
            &[(path, "#!/bin/sh\nlogger start\nexec /bin/main \"$@\"\n")],
            "logger start @/l ; /bin/main -p go @/l ; /usr/local/bin/claude -p go @/l",
            "compose.yaml:1:claude",
        ),
        (
            "claude -p go",
            &[(path, "#!/bin/sh\nflock /l /bin/main \"$@\"\ncurl x\n")],
            "/bin/main -p go @/l ; curl x ; /usr/local/bin/claude -p go @/l",
            "compose.yaml:1:claude",
        ),
        (
            "claude -p go",
            &[(path, "#!/bin/sh\nflock /l touch /seen\n/bin/main --own\n")],
            "touch /seen @/l ; /bin/main --own ; /usr/local/bin/claude -p go",
            "compose.yaml:1:claude",
        ),
        // What it is to be is seen, or it is nothing.
        (
            "claude -p go",
            &[(path, "#!/bin/sh\nexec /opt/claude \"$@\"\n"), ("/opt/claude", "#!/usr/bin/env node\n")],
            "/opt/claude -p go ; ~",
            "the script `/opt/claude` was not read",
        ),
        (
            "claude -p go",
            &[(path, "#!/bin/sh\nnpx @anthropic-ai/claude-code@2.1.100 \"$@\"\n")],
            "npx @anthropic-ai/claude-code@2.1.100 -p go",
            "/usr/local/bin/claude:2:npx",
        ),
        ("claude", &[(path, "#!/bin/sh\necho none >&2\nexit 1\n")], "echo none", "/usr/local/bin/claude:2:echo"),
        (
            "other -p",
            &[("/usr/bin/other", "#!/bin/sh\n/bin/main \"$@\"\n")],
            "/bin/main -p",
            "/usr/bin/other:2:/bin/main",
        ),
    ]);
}

#[test]
fn scripts_that_call_each_other_end() {
    let (_, why) = found(&["/a.sh"], &[("/a.sh", ". /b.sh"), ("/b.sh", ". /a.sh")]);
    assert_eq!(why, "the script `/a.sh` leads to itself");
    let (_, why) = found(&["/a.sh"], &[("/a.sh", "/a.sh\n/a.sh\n")]);
    // It starts as it did before: there is nothing more to see.
    assert_eq!(why, "");
    let (_, why) = found(&["/a.sh"], &[("/a.sh", "/a.sh x$1\n")]);
    assert_eq!(why, "the script `/a.sh` leads to itself");
    // As the manual of flock(1) has it.
    let again = "[ \"$IN\" != \"$0\" ] && exec env IN=\"$0\" flock -e \"$0\" \"$0\" \"$@\"\nclaude -p\n";
    let (shown, _) = found(&["/a.sh"], &[("/a.sh", again)]);
    assert_eq!(shown, "IN=/a.sh claude -p @/a.sh");
}

#[test]
fn arrays_grown_in_a_branch_are_uncertain() {
    super::check(&[
        ("A=(x); if [ -n \"$M\" ]; then A+=(y); fi; prog \"${A[@]}\"", "prog x"),
        ("T=; if x; then T=-it; fi; prog $T a", "x ; prog a"),
        ("L=(); [ -n \"$F\" ] && L=(flock -w 600 /l); \"${L[@]}\" claude -p", "?claude -p @/l:600s ; ?claude -p"),
        ("C=claude; C=${C%x}; f() { \"$@\"; }; f $C", "claude"),
        ("p=/a/b/c.sh; prog ${p%/*} ${p##*/} ${p%.sh} ${p#/a} ${p%%/*}", "prog /a/b c.sh /a/b/c /b/c.sh"),
    ]);
}
