//! The README and `docs/` are true: what they show is printed, what they say to type works, and what they link to is there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use overlock::rules::{Outcome, Ruleset, Severity};
use overlock::text::Sources;
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use crate::harness::{Run, commit, git, overlock, root, run};

/// Pages whose commands are run by tests of their own, in places that are made for them.
const OWN_TESTS: &[&str] = &["docs/install.md", "docs/jq.md"];

/// Commands of the pages that are not this program's, and what shows that they work.
const OTHER_COMMANDS: &[(&str, &str)] = &[
    ("cargo run --release -- check fixtures/factory", "the call after `--` is run by `readme_commands_work`"),
    ("./test.sh", "it runs this test"),
];

fn is_blessed() -> bool {
    std::env::var_os("OVERLOCK_BLESS").is_some()
}

/// The pages for users, by their paths below the repository.
fn pages() -> Vec<String> {
    let listed = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().file_name());
    let docs = listed.map(|name| format!("docs/{}", name.to_str().unwrap()));
    let docs = docs.filter(|name| Path::new(name).extension().is_some_and(|ending| ending == "md"));
    let mut pages: Vec<String> = docs.chain(["README.md".to_owned()]).collect();
    pages.sort();
    pages
}

fn read(page: &str) -> String {
    fs::read_to_string(root().join(page)).unwrap_or_else(|error| panic!("{page}: {error}"))
}

/// Holds a file against what it must be, or writes it.
fn holds(file: &str, wanted: &str) {
    if is_blessed() {
        fs::write(root().join(file), wanted).unwrap();
    }
    assert!(read(file) == wanted, "{file} is not what is generated; OVERLOCK_BLESS=1 writes it");
}

#[test]
fn outputs_shown_are_the_outputs() {
    let mut seen = 0;
    for page in pages() {
        let text = read(&page);
        let mut parts = text.split("<!-- output: ");
        let mut wanted = parts.next().unwrap().to_owned();
        for part in parts {
            let (arguments, rest) = part.split_once(" -->\n```text\n").unwrap_or_else(|| panic!("{page}: {part}"));
            let (_, after) = rest.split_once("```\n").unwrap();
            // A reader has no configuration of this repository.
            let words: Vec<&str> = arguments.split(' ').chain(["--no-config"]).collect();
            let run = overlock(&root(), &words);
            assert!(run.status <= 1, "{page}: {arguments}: {}", run.err);
            let lines: String = run.out.lines().map(|line| format!("{}\n", line.trim_end())).collect();
            wanted.push_str(&format!("<!-- output: {arguments} -->\n```text\n{lines}```\n{after}"));
            seen += 1;
        }
        holds(&page, &wanted);
    }
    assert!(seen >= 5, "only {seen} outputs are shown");
}

#[test]
fn picture_is_the_one_that_is_drawn() {
    let drawn = overlock(&root(), &["graph", "fixtures/report/unsound", "--no-config"]);
    assert_eq!((drawn.status, drawn.err.as_str()), (0, ""));
    holds("docs/layout.svg", &drawn.out);
    assert!(read("README.md").contains("](docs/layout.svg)"));
}

#[test]
fn readme_commands_work() {
    let readme = read("README.md");
    assert!(readme.contains("cargo run --release -- check fixtures/factory"));
    let run = overlock(&root(), &["check", "fixtures/factory"]);
    assert_eq!(run.status, 0);
    assert!(run.out.contains("agents ×2") && run.out.contains("each call takes the flock"), "{}", run.out);
    assert!(readme.contains("\n./test.sh\n") && root().join("test.sh").is_file());
}

#[test]
fn line_that_a_checkout_prints_besides_is_told() {
    // The outputs that are shown are those of a reader's own directory, where there is no configuration of ours.
    let told = overlock(&root(), &["check", "fixtures/report/unsound"]).out;
    let using = told.lines().find(|line| line.starts_with("using: ")).unwrap_or_else(|| panic!("{told}"));
    assert!(read("README.md").contains(&format!("`{using}`")), "{using}");
}

/// The page of all rules, as the matrix has them.
fn rules_page() -> String {
    let rules = Ruleset::load(&Sources::default(), None).unwrap();
    let mut questions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut severities: BTreeMap<&str, BTreeSet<Severity>> = BTreeMap::new();
    for table in rules.matrix.tables.values() {
        for row in &table.rows {
            if let Outcome::Broken(ruling) = &row.outcome {
                questions.entry(&ruling.rule).or_default().insert(&table.question);
                severities.entry(&ruling.rule).or_default().insert(ruling.severity);
            }
        }
    }
    let mut page = "# Rules\n\n<!-- Written by `OVERLOCK_BLESS=1 cargo test --test overlock documents`; change \
                    rules/matrix.yaml instead. -->\n\nEach rule answers a question about one container and one login. Its page, \
                    which `overlock explain RULE` prints too, says\nwhat it means, why, and how to fix it, with a layout that \
                    breaks it and one that does not. Where a rule has several\nseverities, [the matrix](../rules/matrix.yaml) says which holds when; \
                    `severity` in [overlock.yaml](configuration.md#the-file) sets another one.\n\n| rule | severity | means | \
                    question |\n| --- | --- | --- | --- |\n"
        .to_owned();
    for (rule, text) in &rules.matrix.rules {
        let severities = severities.get(rule.as_str()).into_iter().flatten().rev().map(|severity| severity.name());
        let severities: Vec<&str> = severities.collect();
        let questions: Vec<&str> = questions.get(rule.as_str()).into_iter().flatten().copied().collect();
        assert!(!severities.is_empty(), "no table has {rule}");
        page.push_str(&format!(
            "| [{rule}](../rules/explain/{rule}.md) | {} | {} | {} |\n",
            severities.join(", "),
            text.title,
            questions.join(" ")
        ));
    }
    page
}

#[test]
fn page_of_the_rules_is_what_the_matrix_says() {
    let page = rules_page();
    assert!(page.matches("\n| [").count() > 20 && page.contains("| error |"), "{page}");
    holds("docs/rules.md", &page);
}

#[test]
fn page_of_the_configuration_has_every_key() {
    let page = read("docs/configuration.md");
    let schema: serde_json::Value = serde_json::from_str(&read("docs/overlock.schema.json")).unwrap();
    for key in schema["properties"].as_object().unwrap().keys() {
        assert!(page.contains(&format!("\n| `{key}` | ")), "{key} is not on the page");
    }
}

/// A link of a page, and the anchor in it.
struct Link {
    target: String,
    anchor: Option<String>,
}

fn links(text: &str) -> Vec<Link> {
    let parser = Parser::new_ext(text, Options::ENABLE_TABLES);
    let targets = parser.filter_map(|event| match event {
        Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => Some(dest_url.to_string()),
        _ => None,
    });
    let link = |target: String| match target.split_once('#') {
        Some((target, anchor)) => Link { target: target.to_owned(), anchor: Some(anchor.to_owned()) },
        None => Link { target, anchor: None },
    };
    targets.map(link).collect()
}

/// The anchors that forges give the headings of a page.
fn anchors(text: &str) -> BTreeSet<String> {
    let (mut anchors, mut heading) = (BTreeSet::new(), None);
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::Text(text) | Event::Code(text) => heading.iter_mut().for_each(|heading| heading.push_str(&text)),
            Event::End(TagEnd::Heading(_)) => {
                let heading = heading.take().unwrap_or_default().to_lowercase();
                let kept = heading.chars().filter(|one| one.is_alphanumeric() || matches!(one, ' ' | '-' | '_'));
                anchors.insert(kept.map(|one| if one == ' ' { '-' } else { one }).collect());
            }
            _ => {}
        }
    }
    anchors
}

/// What is wrong with a link of a page.
fn broken(page: &str, link: &Link) -> Option<String> {
    let Link { target, anchor } = link;
    if target.contains("://") {
        return (!target.starts_with("https://")).then(|| format!("{page}: {target} is no https"));
    }
    let path = if target.is_empty() { root().join(page) } else { root().join(page).parent().unwrap().join(target) };
    if !path.exists() {
        return Some(format!("{page}: {target} is not there"));
    }
    let anchor = anchor.as_ref()?;
    let has = fs::read_to_string(&path).is_ok_and(|text| anchors(&text).contains(anchor));
    (!has).then(|| format!("{page}: {target} has no heading #{anchor}"))
}

#[test]
fn every_link_leads_somewhere() {
    let explained = fs::read_dir(root().join("rules/explain")).unwrap().map(|entry| entry.unwrap().file_name());
    let explained = explained.map(|name| format!("rules/explain/{}", name.to_str().unwrap()));
    let others = ["CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"].map(str::to_owned);
    let (mut count, mut wrong) = (0, Vec::new());
    for page in pages().into_iter().chain(others).chain(explained) {
        let links = links(&read(&page));
        count += links.len();
        wrong.extend(links.iter().filter_map(|link| broken(&page, link)));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(count > 80, "only {count} links are found");
}

#[test]
fn wrong_links_are_noticed() {
    let of = |text: &str| links(text).iter().find_map(|link| broken("docs/faq.md", link));
    assert_eq!(
        of("[x](ci.md#woodpecker) [y](../README.md) [z](#what-of-docker-desktop) [e](https://example.org/#x)"),
        None
    );
    for text in
        ["[x](nowhere.md)", "![x](../layout.svg)", "[x](ci.md#nothing)", "[x](#nothing)", "[x](http://example.org)"]
    {
        assert!(of(text).is_some(), "{text}");
    }
}

#[test]
fn contents_list_every_page() {
    let listed: BTreeSet<String> = links(&read("docs/README.md")).into_iter().map(|link| link.target).collect();
    for page in pages().iter().filter_map(|page| page.strip_prefix("docs/")).filter(|page| *page != "README.md") {
        assert!(listed.contains(page), "docs/README.md does not list {page}");
    }
    assert!(links(&read("README.md")).iter().any(|link| link.target == "docs/README.md"));
}

/// A block of commands, and why it is not run.
struct Commands {
    lines: Vec<String>,
    not_run: Option<String>,
}

/// The blocks of a page that hold commands.
fn commands(page: &str) -> Vec<Commands> {
    let (mut found, mut not_run, mut block) = (Vec::new(), None, None);
    for event in Parser::new_ext(page, Options::ENABLE_TABLES) {
        match event {
            Event::Html(html) => {
                let reason = html.trim().strip_prefix("<!-- not run: ").and_then(|rest| rest.strip_suffix(" -->"));
                not_run = reason.map(str::to_owned).or(not_run);
            }
            Event::Start(Tag::HtmlBlock) | Event::End(TagEnd::HtmlBlock) => {}
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) if is_shell(&language) => {
                block = Some(String::new());
            }
            Event::Text(text) if block.is_some() => block.iter_mut().for_each(|block| block.push_str(&text)),
            Event::End(TagEnd::CodeBlock) => {
                if let Some(block) = block.take() {
                    found.push(Commands { lines: command_lines(&block), not_run: not_run.take() });
                }
                not_run = None;
            }
            _ => not_run = None,
        }
    }
    found
}

fn is_shell(language: &str) -> bool {
    matches!(language, "console" | "sh" | "bash" | "shell")
}

/// The commands of a block, without prompts; a line that ends in a backslash goes on.
fn command_lines(block: &str) -> Vec<String> {
    let joined = block.replace("\\\n", " ");
    let plain = joined.lines().map(|line| line.strip_prefix("$ ").or(line.strip_prefix("# ")).unwrap_or(line).trim());
    plain.filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// A repository of a user's, with all that the pages name.
fn user_repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let unsound = root().join("fixtures/report/unsound");
    for name in ["compose.yaml", "dispatch.sh", "run-batch.sh", "docker/Dockerfile"] {
        copy(&unsound.join(name), &folder.path().join(name));
    }
    for stack in ["stack-a", "stack-b"] {
        copy(&root().join("fixtures/world/all-settled/compose.yaml"), &folder.path().join(stack).join("compose.yaml"));
    }
    copy(&unsound.join("dispatch.sh"), &folder.path().join("scripts/dispatch.sh"));
    let capture = root().join("fixtures/unguarded-call/bad-one-without/capture.json");
    copy(&capture, &folder.path().join("captures/host.json"));
    fs::write(folder.path().join("prod.yaml"), "services:\n  chat:\n    profiles: [night]\n").unwrap();
    fs::write(folder.path().join("prod.env"), "CLAUDE_HOME=/srv/prod\n").unwrap();
    git(folder.path(), &["init", "--quiet", "--initial-branch", "main"]);
    assert_eq!(overlock(folder.path(), &["check", ".", "--write-baseline=known.json"]).status, 0);
    commit(folder.path());
    git(folder.path(), &["update-ref", "refs/remotes/origin/main", "HEAD"]);
    folder
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    fs::copy(from, to).unwrap();
}

/// Runs a line as a person would, with this program on the PATH.
fn typed(line: &str, folder: &Path) -> Run {
    let programs: PathBuf = Path::new(env!("CARGO_BIN_EXE_overlock")).parent().unwrap().to_owned();
    let mut shell = Command::new("sh");
    shell.args(["-c", line]).current_dir(folder).env_clear().env("HOME", "/home/user");
    shell.env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", programs.display()));
    run(shell)
}

#[test]
fn every_command_is_run_or_says_why_not() {
    let (mut ran, mut excused) = (0, 0);
    for page in pages() {
        if OWN_TESTS.contains(&page.as_str()) {
            continue;
        }
        for Commands { lines, not_run } in commands(&read(&page)) {
            if let Some(reason) = not_run {
                assert!(reason.len() > 10, "{page}: {lines:?} has no reason");
                excused += 1;
                continue;
            }
            let folder = user_repository();
            for line in lines.iter().filter(|line| OTHER_COMMANDS.iter().all(|(other, _)| other != line)) {
                assert!(line.starts_with("overlock "), "{page}: nothing runs `{line}`; say why: <!-- not run: … -->");
                let run = typed(line, folder.path());
                assert!([0, 1].contains(&run.status), "{page}: {line}: {} {}", run.status, run.err);
                ran += 1;
            }
        }
    }
    assert!(ran > 20 && excused > 3, "{ran} commands ran, {excused} blocks did not");
}

/// Commands that stand in a sentence or a table and are more than the name of one: what shows that they work, or why not.
const NAMED_COMMANDS: &[(&str, &str)] = &[
    ("cargo install --locked --path .", "it builds what `cargo build` does, and puts it on the PATH"),
    ("cargo install --locked --git https://github.com/overlock/overlock overlock", "it fetches from a forge"),
    ("docker build -t overlock .", "its base image is fetched; tests/install.rs holds what it is handed"),
    ("docker run --rm -v \"$PWD:/work:ro\" overlock check .", "tests/engine/image.rs runs such an image"),
    (
        "docker run --rm -v \"$PWD:/work:ro\" ghcr.io/overlock/overlock:0.1.0 check .",
        "the same image, by its released name",
    ),
    ("pip install ./python", "tests/install.rs installs that wheel"),
    ("pip install overlock-cli", "the same wheel, by its released name"),
    ("pipx install overlock-cli", "the same"),
    ("uvx --from overlock-cli overlock check .", "the same"),
    ("ci/release.sh && docker build -t overlock -f ci/Dockerfile .", "tests/install.rs and tests/engine/image.rs"),
    (
        "ci/release.sh && docker build -t overlock-ci -f ci/plugin.Dockerfile .",
        "its base image is fetched; tests/install.rs",
    ),
];

/// The commands of this program, and those that install it, outside of blocks that are run.
fn commands_in_sentences(page: &str) -> Vec<String> {
    let programs = ["overlock", "cargo", "pip", "pipx", "uvx", "ci/release.sh"];
    let installs = |code: &str| code.starts_with("docker ") && code.contains("overlock") && code.contains("-t ");
    let is_command = |code: &str| {
        let mut words = code.split(' ');
        (words.next().is_some_and(|first| programs.contains(&first)) && words.next().is_some())
            || installs(code)
            || code.starts_with("docker run --rm -v")
    };
    // A line of a pipeline's step: the value of `run`, `script` or `sh`, or an entry of a list.
    let line_of_step = |line: &str| {
        let line = line.trim().trim_start_matches("- ");
        let line = ["run: ", "script: ", "sh '"].iter().find_map(|key| line.strip_prefix(key)).unwrap_or(line);
        let line = line.trim_end_matches('\'');
        line.starts_with("overlock check ").then(|| line.to_owned())
    };
    let (mut found, mut is_step) = (Vec::new(), false);
    for event in Parser::new_ext(page, Options::ENABLE_TABLES) {
        match event {
            Event::Code(code) if is_command(&code) => found.push(code.to_string()),
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                is_step = matches!(&*language, "yaml" | "groovy");
            }
            Event::Text(text) if is_step => found.extend(text.lines().filter_map(line_of_step)),
            Event::End(TagEnd::CodeBlock) => is_step = false,
            _ => {}
        }
    }
    found
}

#[test]
fn every_command_of_a_sentence_is_run_or_says_why_not() {
    let (mut ran, mut excused) = (0, BTreeSet::new());
    for page in pages() {
        for command in commands_in_sentences(&read(&page)) {
            if let Some((named, _)) = NAMED_COMMANDS.iter().find(|(named, _)| *named == command) {
                excused.insert(*named);
                continue;
            }
            let rest = command.strip_prefix("overlock ");
            let rest = rest.unwrap_or_else(|| panic!("{page}: nothing shows that `{command}` works"));
            // What stands for a word of the reader's, as in a heading: the subcommand is there, and its help.
            let stands_for =
                |word: &str| word.contains(|one: char| one.is_uppercase() || one == '|') && !word.contains('$');
            let is_outline = !rest.contains('$') && rest.split(' ').any(stands_for);
            let looks_at_host = ["audit", "report", "watch", "preflight"].iter().any(|name| rest.starts_with(name));
            let line = match rest.split(' ').next().unwrap() {
                "COMMAND" => "overlock check --help".to_owned(),
                name if is_outline || looks_at_host => format!("overlock {name} --help"),
                _ => format!("CI_MERGE_REQUEST_DIFF_BASE_SHA=HEAD GITHUB_STEP_SUMMARY=summary.md; {command}"),
            };
            let run = typed(&line, user_repository().path());
            assert!([0, 1].contains(&run.status), "{page}: {command}: {} {}", run.status, run.err);
            ran += 1;
        }
    }
    let named: BTreeSet<&str> = NAMED_COMMANDS.iter().map(|(named, _)| *named).collect();
    assert_eq!(excused, named, "a command is excused that no page has");
    assert!(ran > 10, "only {ran} commands ran");
}

/// Nothing can be fetched before the first release: a page that names one says so where its reader sees it.
#[test]
fn pages_that_name_a_release_say_where_there_is_none() {
    let wants_release =
        |text: &str| ["overlock-cli", "ghcr.io/overlock", "v0.1.0", ":0.1.0"].iter().any(|name| text.contains(name));
    let naming: Vec<String> = pages().into_iter().filter(|page| wants_release(&read(page))).collect();
    assert!(naming.len() >= 3, "{naming:?}");
    for page in naming {
        let is_told = links(&read(&page)).iter().any(|link| link.target.ends_with("CHANGELOG.md"));
        assert!(is_told, "{page} names a release and not CHANGELOG.md, which says whether there is one");
    }
}

#[test]
fn reason_is_of_the_block_that_follows_it_alone() {
    let block = "```console\n$ overlock check\n```\n";
    let reasons = |page: &str| commands(page).into_iter().map(|one| one.not_run.is_some()).collect::<Vec<_>>();
    let excuse = "<!-- not run: there is no engine -->\n";
    assert_eq!(reasons(&format!("{excuse}{block}\n{block}")), [true, false]);
    assert_eq!(reasons(&format!("{excuse}\nText.\n\n{block}")), [false]);
    assert_eq!(reasons(&format!("1. x\n\n   {}", block.replace('\n', "\n   "))), [false]);
    assert_eq!(command_lines("$ a \\\n    b\n# c\n\nd  # why\n"), ["a      b", "c", "d  # why"]);
}
