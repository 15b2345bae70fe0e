//! What `docs/ci.md` gives for Woodpecker, Forgejo, GitLab and Jenkins, run as their runners run it: their variables and
//! nothing else, a clone as they make it, their shell.

use std::fs;
use std::path::Path;
use std::process::Command;

use data_encoding::BASE64;
use serde_yaml::Value;

use crate::accept::{SHARED, guarded, with_third};
use crate::engine::wanted::{self, Wanted};
use crate::engine::{say, skip};
use crate::forge::Forge;
use crate::harness::{Run, commit, git, repository, root, run};

/// For comments.
const CURL: &[Wanted] = &[("curl", "curl"), ("jq", "jq")];

/// The yaml blocks below a heading of the page, up to the next one.
fn blocks(heading: &str) -> Vec<String> {
    let page = fs::read_to_string(root().join("docs/ci.md")).unwrap();
    let (_, below) = page.split_once(&format!("## {heading}\n")).unwrap_or_else(|| panic!("no {heading}"));
    let section = below.split("\n## ").next().unwrap();
    section.split("```yaml\n").skip(1).map(|rest| rest.split_once("```").unwrap().0.to_owned()).collect()
}

/// A program, the shell and tools of the machine; nothing else of it.
fn bare(program: &Path, directory: &Path) -> Command {
    let built = Path::new(env!("CARGO_BIN_EXE_overlock")).parent().unwrap();
    let mut command = Command::new(program);
    command.current_dir(directory).env_clear().env("HOME", "/root");
    command.env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", built.display()));
    command
}

/// The plugin with settings as Woodpecker hands them: lists with commas, names in capitals.
fn plugin(directory: &Path, settings: &Value, variables: &[(&str, &str)]) -> Run {
    let mut command = bare(&root().join("ci/plugin.sh"), directory);
    for (name, value) in settings.as_mapping().into_iter().flatten() {
        let value = match value {
            Value::Sequence(list) => list.iter().map(|one| one.as_str().unwrap()).collect::<Vec<_>>().join(","),
            Value::Mapping(_) => continue,
            other => other.as_str().unwrap().to_owned(),
        };
        command.env(format!("PLUGIN_{}", name.as_str().unwrap().to_uppercase().replace('-', "_")), value);
    }
    command.env("CI", "woodpecker").envs(variables.iter().copied());
    run(command)
}

fn yaml(text: &str) -> Value {
    serde_yaml::from_str(text).unwrap()
}

/// A repository of an unsafe project whose branch `topic` adds a third container to it where `worse`.
fn with_topic(worse: bool) -> tempfile::TempDir {
    let files = repository(&[("compose.yaml", SHARED)]);
    git(files.path(), &["checkout", "--quiet", "-b", "topic"]);
    if worse {
        fs::write(files.path().join("compose.yaml"), with_third()).unwrap();
    } else {
        fs::write(files.path().join("README"), "x").unwrap();
    }
    commit(files.path());
    git(files.path(), &["checkout", "--quiet", "main"]);
    files
}

/// A clone of a branch as Woodpecker's plugin-git makes it: one commit without a branch, or all of both branches.
fn woodpecker_clone(source: &Path, whole: bool) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    git(source, &["config", "uploadpack.allowFilter", "true"]);
    git(path, &["init", "--quiet", "-b", "main"]);
    git(path, &["remote", "add", "origin", &format!("file://{}", source.display())]);
    let partial: &[&str] = if whole { &[] } else { &["--depth=1", "--filter=tree:0"] };
    let fetch = [&["fetch", "--quiet", "--no-tags"], partial, &["origin", "+refs/heads/topic:"]].concat();
    git(path, &fetch);
    git(path, &["checkout", "--quiet", "--force", "FETCH_HEAD"]);
    if whole {
        git(path, &["fetch", "--quiet", "origin", "main"]);
    }
    folder
}

const PULL: &[(&str, &str)] = &[
    ("CI_PIPELINE_EVENT", "pull_request"),
    ("CI_COMMIT_PULL_REQUEST", "7"),
    ("CI_COMMIT_TARGET_BRANCH", "main"),
    ("CI_REPO", "factory/stack"),
    ("CI_FORGE_TYPE", "forgejo"),
];

#[test]
fn woodpeckers_plugin_ends_as_the_check_does() {
    let step = yaml(&blocks("Woodpecker")[0]);
    let settings = &step["steps"][0]["settings"];
    assert!(settings["paths"].is_sequence(), "the first step shows a list");
    for (text, status) in [(SHARED.to_owned(), 1), (guarded(), 0)] {
        let files = repository(&[("compose.yaml", &text)]);
        let told = plugin(files.path(), settings, &[("CI_PIPELINE_EVENT", "push")]);
        assert_eq!(told.status, status, "{}{}", told.out, told.err);
        assert!(told.out.contains("judged: compose.yaml") && told.err.is_empty(), "{}{}", told.out, told.err);
    }
    let files = repository(&[("a, b/compose.yaml", SHARED)]);
    let told = plugin(files.path(), &yaml("{paths: \"a, b/compose.yaml\\n\", args: [-q, --no-config]}"), &[]);
    assert_eq!(told.status, 1, "{}{}", told.out, told.err);
    let told = plugin(files.path(), &yaml("{fail_on: never, output: [sarif=x.sarif, junit=y.xml]}"), &[]);
    assert_eq!(told.status, 0, "{}{}", told.out, told.err);
    assert!(["x.sarif", "y.xml"].iter().all(|made| files.path().join(made).is_file()));
    let told = plugin(files.path(), &yaml("{paths: \"$(touch ran)\"}"), &[]);
    assert!(told.status == 2 && !files.path().join("ran").exists(), "{}", told.err);
}

#[test]
fn woodpeckers_clone_is_enough_for_what_the_page_asks() {
    let pipeline = yaml(&blocks("Woodpecker")[1]);
    let clone = &pipeline["clone"][0]["settings"];
    assert_eq!((clone["partial"].as_bool(), clone["fetch-target-branch"].as_bool()), (Some(false), Some(true)));
    let settings = &pipeline["steps"][0]["settings"];
    for (worse, status) in [(true, 1), (false, 0)] {
        let files = with_topic(worse);
        let told = plugin(woodpecker_clone(files.path(), true).path(), settings, PULL);
        assert_eq!(told.status, status, "{}{}", told.out, told.err);
        // As it clones by itself, nothing is judged and what to do is said.
        let told = plugin(woodpecker_clone(files.path(), false).path(), settings, PULL);
        assert!(told.status == 2 && told.err.contains("git fetch"), "{}{}", told.out, told.err);
        assert!(told.err.contains("`fetch-target-branch: true`"), "{}", told.err);
        // A push is judged whole.
        let clone = woodpecker_clone(files.path(), false);
        let told = plugin(clone.path(), settings, &[("CI_PIPELINE_EVENT", "push")]);
        assert_eq!(told.status, 1, "{}{}", told.out, told.err);
    }
}

const COMMENTS: &str = "GET /api/v1/repos/factory/stack/issues/7/comments";
const POST: &str = "POST /api/v1/repos/factory/stack/issues/7/comments";
const PATCH: &str = "PATCH /api/v1/repos/factory/stack/issues/comments/12";

#[test]
fn report_is_one_comment_of_our_own() {
    if let Some(why) = wanted::missing(CURL) {
        return skip("report_is_one_comment_of_our_own", &why).unwrap_or_default();
    }
    let forge =
        Forge::new(&[("GET /api/v1/user", "{\"login\": \"ci\"}"), (COMMENTS, "[]"), (POST, "{}"), (PATCH, "{}")]);
    let variables = [PULL, &[("CI_FORGE_URL", forge.url.as_str())]].concat();
    let files = repository(&[("compose.yaml", SHARED)]);
    let settings = yaml("{token: s3cret}");
    let comment = |wanted: i32| {
        let told = plugin(files.path(), &settings, &variables);
        assert_eq!(told.status, wanted, "{}{}", told.out, told.err);
        assert!(!told.out.contains("s3cret") && !told.err.contains("s3cret"), "{}{}", told.out, told.err);
        (forge.take(), told.err)
    };
    let (asked, said) = comment(1);
    let lines: Vec<&str> = asked.iter().map(|one| one.line.as_str()).collect();
    assert_eq!(lines, ["GET /api/v1/user", COMMENTS, POST], "{said}");
    assert!(asked.iter().all(|one| one.authorization == "token s3cret"));
    let posted: serde_json::Value = serde_json::from_str(&asked[2].body).unwrap();
    let posted = posted["body"].as_str().unwrap();
    assert!(posted.contains("## Overlock: 1 error") && posted.contains("`unguarded-share`"), "{posted}");

    // Its own is changed; one of somebody else who begins his alike is left alone.
    let of = |id: i32, who: &str, body: &str| serde_json::json!({"id": id, "user": {"login": who}, "body": body});
    let theirs = of(11, "stranger", posted);
    forge.answer(COMMENTS, 200, &serde_json::json!([theirs, of(12, "ci", posted), of(13, "ci", "x")]).to_string());
    assert_eq!(comment(1).0[2].line, PATCH);
    forge.answer(COMMENTS, 200, &serde_json::json!([theirs]).to_string());
    assert_eq!(comment(1).0[2].line, POST);

    // Nothing that goes wrong with it changes how the step ends, or is kept quiet.
    forge.answer(POST, 403, "{\"message\": \"token does not have scope\\u001b[2J\"}");
    let (_, said) = comment(1);
    assert!(
        said.contains("HTTP 403: token does not have scope[2J") && said.contains(POST.split_once(' ').unwrap().1),
        "{said}"
    );
    forge.answer("GET /api/v1/user", 302, "");
    assert_eq!(comment(1).0.len(), 1);

    // A sound pull request gets no comment, but what was said of it before is put right.
    forge.answer("GET /api/v1/user", 200, "{\"login\": \"ci\"}");
    fs::write(files.path().join("compose.yaml"), guarded()).unwrap();
    assert_eq!(comment(0).0.len(), 2);
    forge.answer(COMMENTS, 200, &serde_json::json!([of(12, "ci", posted)]).to_string());
    let (asked, said) = comment(0);
    assert!(asked[2].line == PATCH && asked[2].body.contains("0 errors"), "{said}{asked:?}");
    assert!(plugin(files.path(), &settings, &[("CI_PIPELINE_EVENT", "push")]).err.is_empty(), "a push has no comments");
    let elsewhere = [&variables[..], &[("CI_FORGE_TYPE", "github")]].concat();
    let told = plugin(files.path(), &settings, &elsewhere);
    assert!(told.err.contains("not to github") && forge.take().is_empty(), "{}", told.err);
}

#[test]
fn forgejos_action_says_the_report_and_posts_it() {
    if let Some(why) = wanted::missing(CURL) {
        return skip("forgejos_action_says_the_report_and_posts_it", &why).unwrap_or_default();
    }
    let pull = "GET /api/v1/repos/factory/stack/issues/7/comments";
    let forge = Forge::new(&[
        ("GET /api/v1/user", "{\"login\": \"ci\"}"),
        (pull, "[]"),
        ("POST /api/v1/repos/factory/stack/issues/7/comments", "{}"),
    ]);
    let files = repository(&[("compose.yaml", SHARED)]);
    let workflow = yaml(&blocks("Forgejo and Gitea Actions")[0]);
    let with = &workflow["jobs"]["overlock"]["steps"][1]["with"];
    let mut command = bare(&root().join("ci/action.sh"), files.path());
    command.env("GITHUB_ACTIONS", "true").env("FORGEJO_ACTIONS", "true").env("GITHUB_REF", "refs/pull/7/head");
    command.env("GITHUB_API_URL", format!("{}/api/v1", forge.url)).env("GITHUB_REPOSITORY", "factory/stack");
    command.env("OVERLOCK_SARIF", with["sarif"].as_str().unwrap()).env("OVERLOCK_TOKEN", "s3cret");
    let told = run(command);
    assert_eq!(told.status, 1, "{}{}", told.out, told.err);
    // It was silent where a file was asked for.
    assert!(told.out.starts_with("error[unguarded-share]"), "{}", told.out);
    assert!(told.err.contains("takes no SARIF: overlock.sarif stays"), "{}", told.err);
    assert!(files.path().join("overlock.sarif").is_file());
    assert_eq!(forge.take().last().unwrap().line, pull.replace("GET", "POST"));
}

#[test]
fn steps_with_commands_run_in_the_shell_of_the_runner() {
    let pipeline = yaml(&blocks("Woodpecker")[2]);
    let commands = pipeline["steps"][0]["commands"].as_sequence().unwrap();
    let lines: String = commands.iter().map(|line| format!("{}\n", line.as_str().unwrap())).collect();
    for (text, status) in [(SHARED.to_owned(), 1), (guarded(), 0)] {
        let files = repository(&[("compose.yaml", &text)]);
        let mut command = bare(&root().join("ci/plugin.sh"), files.path());
        command.args(["/bin/sh", "-c", "echo $CI_SCRIPT | base64 -d | /bin/sh -e"]);
        let told = run({
            command.env("CI_SCRIPT", BASE64.encode(lines.as_bytes()));
            command
        });
        assert_eq!(told.status, status, "{}{}", told.out, told.err);
        assert!(fs::read_to_string(files.path().join("overlock.md")).unwrap().starts_with("## Overlock"));
    }
}

/// A job's script as GitLab's runner runs it: one shell that ends at the first line that fails.
fn gitlab(directory: &Path, script: &Value, variables: &[(&str, &str)]) -> Run {
    let lines: String =
        script.as_sequence().unwrap().iter().map(|line| format!("{}\n", line.as_str().unwrap())).collect();
    let mut command = bare(&root().join("ci/plugin.sh"), directory);
    command.args(["sh", "-c", &format!("set -e\n{lines}")]).env("GITLAB_CI", "true").envs(variables.iter().copied());
    run(command)
}

#[test]
fn gitlabs_component_and_jobs_make_the_reports_that_they_name() {
    let text = fs::read_to_string(root().join("templates/overlock.yml")).unwrap();
    let (head, mut body) = text.split_once("\n---\n").map(|(head, body)| (yaml(head), body.to_owned())).unwrap();
    let given = yaml(&blocks("GitLab")[0]);
    let given = &given["include"][0]["inputs"];
    for (name, input) in head["spec"]["inputs"].as_mapping().unwrap() {
        let name = name.as_str().unwrap();
        let value = given.get(name).or(input.get("default")).unwrap().as_str().unwrap();
        let hole = format!("$[[ inputs.{name} ]]");
        assert!(body.contains(&hole), "{name} is read nowhere");
        body = body.replace(&hole, value);
    }
    assert!(!body.contains("$[["), "{body}");
    let given = given.as_mapping().unwrap();
    assert!(given.iter().all(|(name, _)| head["spec"]["inputs"].get(name).is_some()), "{given:?}");
    for job in [&yaml(&body)["overlock"], &yaml(&blocks("GitLab")[1])["overlock"]] {
        for (text, status) in [(SHARED.to_owned(), 1), (guarded(), 0)] {
            let files = repository(&[("compose.yaml", &text)]);
            let told = gitlab(files.path(), &job["script"], &[]);
            assert_eq!(told.status, status, "{}{}", told.out, told.err);
            for (_, report) in job["artifacts"]["reports"].as_mapping().unwrap() {
                assert!(files.path().join(report.as_str().unwrap()).is_file(), "{report:?}");
            }
        }
    }
}

#[test]
fn gitlabs_shallow_clone_is_told_what_it_lacks() {
    let job = yaml(&blocks("GitLab")[2]);
    let job = &job["overlock"];
    assert_eq!(job["variables"]["GIT_DEPTH"].as_i64(), Some(0));
    for (worse, status) in [(true, 1), (false, 0)] {
        let files = with_topic(worse);
        let folder = tempfile::tempdir().unwrap();
        let source = format!("file://{}", files.path().display());
        let base = Command::new("git").arg("-C").arg(files.path()).args(["rev-parse", "main"]).output().unwrap();
        let base = String::from_utf8(base.stdout).unwrap();
        for (name, depth, wanted) in [("whole", None, status), ("shallow", Some("--depth=1"), 2)] {
            let call: Vec<&str> = ["clone", "--quiet", "--branch=topic"]
                .into_iter()
                .chain(depth)
                .chain([source.as_str(), name])
                .collect();
            git(folder.path(), &call);
            let variables = [("CI_MERGE_REQUEST_DIFF_BASE_SHA", base.trim())];
            let told = gitlab(&folder.path().join(name), &job["script"], &variables);
            assert_eq!(told.status, wanted, "{name}: {}{}", told.out, told.err);
            assert!(wanted < 2 || told.err.contains("git fetch"), "{}", told.err);
        }
    }
}

#[test]
fn jenkins_step_makes_the_reports_that_it_names() {
    let page = fs::read_to_string(root().join("docs/ci.md")).unwrap();
    let block = page.split_once("```groovy\n").unwrap().1.split_once("```").unwrap().0;
    let script = block.split("sh '").nth(1).unwrap().split('\'').next().unwrap();
    for (text, status) in [(SHARED.to_owned(), 1), (guarded(), 0)] {
        let files = repository(&[("compose.yaml", &text)]);
        let step = files.path().join("script.sh");
        fs::write(&step, format!("#!/bin/sh -xe\n{script}\n")).unwrap();
        // Jenkins starts the image with `cat`, and runs the step in that container.
        let mut command = bare(&root().join("ci/plugin.sh"), files.path());
        command.args(["sh", "-xe"]).arg(&step).env("JENKINS_URL", "http://jenkins.example/");
        let told = run(command);
        assert_eq!(told.status, status, "{}{}", told.out, told.err);
        for named in ["'overlock.xml'", "'overlock.sarif'"] {
            assert!(block.contains(named) && files.path().join(named.trim_matches('\'')).is_file(), "{named}");
        }
    }
    let mut cat = bare(&root().join("ci/plugin.sh"), &root());
    cat.arg("cat").stdin(std::process::Stdio::null());
    assert_eq!((run(cat).status, "cat ends with its input"), (0, "cat ends with its input"));
    let mut version = bare(&root().join("ci/plugin.sh"), &root());
    version.arg("--version");
    assert!(run(version).out.starts_with("overlock "), "other words are the program's");
}

#[test]
fn forges_accept_what_is_given_for_them() {
    let Some(tools) = std::env::var_os("OVERLOCK_PYTHON_TOOLS") else {
        return say("skipped, forges_accept_what_is_given_for_them: no OVERLOCK_PYTHON_TOOLS (ci/python-tools.sh)");
    };
    let folder = tempfile::tempdir().unwrap();
    let mut files = vec![
        ("vendor.github-workflows", root().join(".github/workflows/release.yml")),
        ("vendor.github-workflows", root().join(".forgejo/workflows/release.yml")),
        ("vendor.github-actions", root().join("action.yml")),
    ];
    let sections = [
        ("Woodpecker", "vendor.woodpecker-ci"),
        ("Forgejo and Gitea Actions", "vendor.github-workflows"),
        ("GitHub Actions", "vendor.github-workflows"),
        ("GitLab", "vendor.gitlab-ci"),
    ];
    for (heading, schema) in sections {
        for (number, block) in blocks(heading).iter().enumerate().filter(|(_, block)| !block.starts_with(' ')) {
            let path = folder.path().join(format!("{}-{number}.yml", heading.replace(' ', "-")));
            fs::write(&path, block).unwrap();
            files.push((schema, path));
        }
    }
    for (schema, path) in files {
        let mut check = Command::new(Path::new(&tools).join("check-jsonschema"));
        let told = run({
            check.args(["--builtin-schema", schema]).arg(&path);
            check
        });
        assert_eq!(told.status, 0, "{}: {}{}", path.display(), told.out, told.err);
    }
}
