//! Words, names and executables as they were seen, and what they are taken for.

use super::*;
use crate::rules::Ruleset;
use crate::text::Sources;

fn profiles() -> Vec<Profile> {
    Ruleset::load(&Sources::default(), None).unwrap().profiles
}

fn recognised(line: &str, comm: &str, exe: &str) -> Option<Recognised> {
    let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    recognise(Signs { words: &words, comm, exe }, &profiles())
}

#[test]
fn the_program_is_known_in_all_its_guises() {
    for (line, comm, exe) in [
        ("claude", "claude", "/usr/bin/node"),
        ("claude -p hello", "MainThread", "/usr/bin/node"),
        ("/usr/local/bin/claude -p x", "node", "/x"),
        ("node /usr/local/bin/claude -p x", "node", "/usr/bin/node"),
        ("/usr/bin/node --flag /usr/lib/node_modules/@anthropic-ai/claude-code/cli.js", "node", "/usr/bin/node"),
        ("bun /x/node_modules/@anthropic-ai/claude-code/cli.js", "bun", ""),
        ("2.1.98 -p x", "2.1.98", "/home/a/.local/share/claude/versions/2.1.98"),
    ] {
        let found = recognised(line, comm, exe).unwrap_or_else(|| panic!("{line}"));
        assert_eq!((found.program.as_str(), found.wrapper), ("claude-code", false), "{line}");
    }
}

#[test]
fn what_only_speaks_of_it_is_not_it() {
    for line in [
        "docker exec agents claude -p x",
        "flock /srv/lock claude -p x",
        "sh -c claude",
        "vim /usr/lib/node_modules/@anthropic-ai/claude-code/cli.js",
        "timeout 600 node /usr/lib/node_modules/@anthropic-ai/claude-code/cli.js",
        "node /app/server.js claude",
        "claude-proxy",
        "",
    ] {
        assert_eq!(recognised(line, line.split(' ').next().unwrap(), "/usr/bin/x"), None, "{line}");
    }
}

#[test]
fn a_shell_that_runs_a_script_of_that_name_is_a_wrapper() {
    let found = recognised("/bin/sh /usr/local/bin/claude -p x", "claude", "/bin/busybox").unwrap();
    assert!(found.wrapper);
}

#[test]
fn an_executable_named_by_its_version_tells_it() {
    let exe = "/home/a/.local/share/claude/versions/2.1.98";
    assert_eq!(recognised("claude", "claude", exe).unwrap().version.as_deref(), Some("2.1.98"));
    let deleted = format!("{exe} (deleted)");
    assert_eq!(recognised("claude", "claude", &deleted).unwrap().version.as_deref(), Some("2.1.98"));
    assert_eq!(recognised("claude", "claude", "/usr/bin/node").unwrap().version, None);
}

#[test]
fn a_title_written_over_the_words_leaves_no_empty_ones() {
    assert_eq!(words(b"claude\0\0\0\0"), ["claude"]);
    assert_eq!(words(b"a\0\0b\0"), ["a", "", "b"]);
    assert_eq!(words(b""), Vec::<String>::new());
}

#[test]
fn only_named_variables_are_kept_and_secrets_are_marked() {
    let bytes = b"HOME=/home/a\0HOME=/second\0ANTHROPIC_API_KEY=sk-1\0CLAUDE_CODE_OAUTH_TOKEN=\0TOKEN=x\0odd\0";
    let kept = named(&variables(bytes), &profiles()[0]);
    assert_eq!(kept.get("HOME"), Some(&KeptValue::Public("/home/a".into())));
    assert_eq!(kept.get("ANTHROPIC_API_KEY"), Some(&KeptValue::Secret("sk-1".into())));
    assert_eq!(kept.get("CLAUDE_CODE_OAUTH_TOKEN"), Some(&KeptValue::Empty));
    assert_eq!(kept.len(), 3);
}
