//! Completion scripts and manual pages: each shell can read its own, and every subcommand and option is in them.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::harness::{overlock, root};

/// The subcommands, as `--help` lists them.
fn subcommands() -> Vec<String> {
    let help = overlock(&root(), &["--help"]).out;
    let list = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let names = list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.map(|line| line.split_whitespace().next().unwrap().to_owned()).filter(|name| name != "help").collect()
}

/// The long options of a subcommand, as `--help` lists them.
fn options(subcommand: &str) -> Vec<String> {
    let help = overlock(&root(), &[subcommand, "--help"]).out;
    let lines = help.lines().map(str::trim_start).filter(|line| line.starts_with("--") || line.starts_with("-f, "));
    let long = lines.filter_map(|line| line.split([' ', ',', '[', '=']).find(|word| word.starts_with("--")));
    let found: Vec<String> = long.map(str::to_owned).collect();
    assert!(found.contains(&"--rules".to_owned()), "{subcommand}: {help}");
    found
}

#[test]
fn completions_know_every_subcommand_and_option() {
    let names = subcommands();
    assert!(names.len() >= 8 && names.contains(&"check".to_owned()), "{names:?}");
    for shell in ["bash", "zsh", "fish"] {
        let run = overlock(&root(), &["completions", shell]);
        assert_eq!((run.status, run.err.as_str()), (0, ""), "{shell}");
        for name in &names {
            assert!(run.out.contains(name.as_str()), "{shell} does not know {name}");
        }
        for option in options("check") {
            let known = if shell == "fish" { format!("-l {}", &option[2..]) } else { option.clone() };
            assert!(run.out.contains(&known), "{shell} does not know {option}");
        }
    }
    assert_eq!(overlock(&root(), &["completions", "tcsh"]).status, 2);
}

#[test]
fn page_installs_completions_and_manual_pages() {
    let page = fs::read_to_string(root().join("docs/install.md")).unwrap();
    let section = page.split("\n## ").find(|section| section.starts_with("Completions and manual pages\n")).unwrap();
    let home = tempfile::tempdir().unwrap();
    let programs = Path::new(env!("CARGO_BIN_EXE_overlock")).parent().unwrap();
    let path = format!("{}:/usr/bin:/bin", programs.display());
    let blocks: Vec<&str> =
        section.split("```console\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert_eq!(blocks.len(), 4, "{section}");
    for block in blocks {
        let mut shell = Command::new("sh");
        shell.args(["-ec", block]).current_dir(home.path()).env_clear().env("HOME", home.path()).env("PATH", &path);
        let output = shell.output().unwrap();
        assert!(output.status.success(), "{block}: {}", String::from_utf8_lossy(&output.stderr));
    }
    for (shell, file) in [
        ("bash", ".local/share/bash-completion/completions/overlock"),
        ("zsh", ".zfunc/_overlock"),
        ("fish", ".config/fish/completions/overlock.fish"),
    ] {
        let printed = overlock(&root(), &["completions", shell]).out;
        assert_eq!(fs::read_to_string(home.path().join(file)).unwrap(), printed, "{file}");
    }
    // A shell finds a script by its first line.
    assert!(fs::read_to_string(home.path().join(".zfunc/_overlock")).unwrap().starts_with("#compdef overlock\n"));
    assert!(home.path().join(".local/share/man/man1/overlock-check.1").is_file());
}

#[test]
fn fish_knows_the_rules_of_explain_and_the_shells_of_completions() {
    let script = overlock(&root(), &["completions", "fish"]).out;
    let words_of = |subcommand: &str| {
        let start = format!("complete -c overlock -n \"__fish_overlock_using_subcommand {subcommand}\" -f -a \"");
        let line = script.lines().find_map(|line| line.strip_prefix(&start)).unwrap_or_default();
        line.trim_end_matches('"').split(' ').map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(words_of("explain").contains(&"unguarded-share".to_owned()), "{script}");
    assert_eq!(words_of("completions"), ["bash", "zsh", "fish"]);
    assert_eq!(words_of("check"), [""]);
}

/// What bash proposes behind the words that were typed; the last one is being typed.
fn bash_proposes(words: &str) -> Vec<String> {
    let script = overlock(&root(), &["completions", "bash"]).out;
    let count = words.split(' ').count();
    let (before, last) = words.rsplit_once(' ').unwrap();
    let before = before.rsplit(' ').next().unwrap();
    // The last word is empty where only the blank before it is typed.
    let asked = format!(
        "COMP_WORDS=({before_all} '{last}'); COMP_CWORD={at}; _overlock overlock '{last}' '{before}'; echo \"${{COMPREPLY[@]}}\"\n",
        before_all = words.rsplit_once(' ').unwrap().0,
        at = count - 1,
    );
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-s"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut bash = bash.spawn().unwrap();
    bash.stdin.take().unwrap().write_all(format!("{script}\n{asked}").as_bytes()).unwrap();
    let output = bash.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{words}");
    String::from_utf8(output.stdout).unwrap().split_whitespace().map(str::to_owned).collect()
}

#[test]
fn bash_completes_with_its_script() {
    assert_eq!(bash_proposes("overlock che"), ["check"]);
    assert_eq!(bash_proposes("overlock explain unguarded-"), ["unguarded-call", "unguarded-share"]);
    assert_eq!(bash_proposes("overlock check --format sa"), ["sarif"]);
    assert_eq!(bash_proposes("overlock check --output gi"), ["github", "gitlab"]);
    let rules = bash_proposes("overlock explain ");
    let listed = overlock(&root(), &["explain"]).out;
    for rule in listed.lines().map(|line| line.split(' ').next().unwrap()) {
        assert!(rules.contains(&rule.to_owned()), "{rule} is not proposed: {rules:?}");
    }
}

#[test]
fn every_manual_page_has_examples_and_exit_statuses() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(overlock(folder.path(), &["man", "--out", "."]).status, 0);
    let mut seen = 0;
    for entry in fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let page = fs::read_to_string(&path).unwrap();
        let name = path.file_stem().unwrap().to_str().unwrap().replacen('-', " ", 1);
        let section = |title: &str| page.split(&format!(".SH {title}\n")).nth(1).map(str::to_owned);
        let examples = section("\"EXAMPLES\"").or_else(|| section("EXAMPLES")).unwrap_or_default();
        assert!(examples.starts_with(&format!(".TP\n\\fB{name}")), "{name}: {examples}");
        let statuses = section("\"EXIT STATUS\"").unwrap_or_default();
        assert!(statuses.starts_with(".TP\n\\fB0\\fR\n") && statuses.contains("\\fB2\\fR"), "{name}: {statuses}");
        assert_eq!(page.matches("Exit status").count(), 0, "{name}: told once");
        seen += 1;
    }
    assert_eq!(seen, subcommands().len() + 1);
}

#[test]
fn every_subcommand_has_a_manual_page_with_its_options() {
    let folder = tempfile::tempdir().unwrap();
    let run = overlock(folder.path(), &["man", "--out", "pages"]);
    assert_eq!((run.status, run.out.as_str()), (0, ""), "{}", run.err);
    let pages = folder.path().join("pages");
    for name in subcommands() {
        let page = fs::read_to_string(pages.join(format!("overlock-{name}.1"))).unwrap();
        for option in options(&name) {
            // To roff, a hyphen that is to be typed has a backslash before it.
            assert!(page.contains(&option.replace('-', "\\-")), "{option} is not on the page of {name}");
        }
    }
    let own = overlock(folder.path(), &["man"]);
    assert_eq!((own.status, own.out), (0, fs::read_to_string(pages.join("overlock.1")).unwrap()));
    fs::write(folder.path().join("file"), "").unwrap();
    let refused = overlock(folder.path(), &["man", "--out", "file"]);
    assert_eq!(refused.status, 2);
    assert!(refused.err.contains("cannot make the directory"), "{}", refused.err);
}
