//! The user's world: each folder of `fixtures/world` with its whole expected text and JSON. `OVERLOCK_BLESS=1` writes
//! them anew; look at what it wrote. The verdicts are asserted by hand as well, so that a snapshot cannot freeze a bug.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use crate::harness::{folders, judged, name, overlock, project, root, rules};
use crate::readers::{
    FORMATS, Rendered, ToldFinding, ToldHit, array, counted_findings, counted_hits, gitlab_severity, results,
    told_findings, told_hits,
};

/// A participant and its verdict.
type Verdict = (&'static str, &'static str);

/// For each folder the exit status and the verdict of each participant, by the decision matrix, by hand.
const BY_HAND: &[(&str, i32, &[Verdict])] = &[
    ("all-settled", 0, &[("agents", "ok"), ("runner", "ok")]),
    ("alone", 0, &[("agents", "ok")]),
    ("bind-in-disguise", 1, &[("agents", "error"), ("runner", "error")]),
    ("chat-api-key", 0, &[("agents", "warning"), ("chat", "ok")]),
    ("chat-own-directory", 0, &[("agents", "warning"), ("chat", "ok")]),
    ("chat-perhaps-empty-key", 1, &[("agents", "warning"), ("chat", "error")]),
    ("chat-shares-with-flock", 1, &[("agents", "warning"), ("chat", "error")]),
    ("chat-shares-without-flock", 1, &[("agents", "warning"), ("chat", "error")]),
    ("credentials-file", 1, &[("agents", "ok"), ("runner", "error")]),
    ("dedicated-parent", 0, &[("agents", "ok"), ("runner", "ok")]),
    ("dedicated-parent-one-without-variable", 3, &[("agents", "ok"), ("runner", "undetermined")]),
    ("factory", 0, &[("agents", "warning"), ("runner", "warning")]),
    ("guard-on-program-lock", 1, &[("agents", "error"), ("runner", "error")]),
    ("guards-at-two-paths", 1, &[("agents", "error"), ("runner", "error")]),
    ("home-mounted", 1, &[("agents", "error"), ("runner", "error")]),
    ("home-on-volume", 0, &[("agents", "ok"), ("runner", "ok")]),
    ("key-beside-login", 1, &[("agents", "ok"), ("runner", "error")]),
    ("named-volume", 1, &[("agents", "error"), ("runner", "error")]),
    ("oauth-token", 0, &[("agents", "ok"), ("runner", "ok")]),
    ("old-beside-inside-only", 1, &[("agents", "error"), ("runner", "error")]),
    ("old-beside-new", 1, &[("agents", "error"), ("runner", "error")]),
    ("old-beside-new-shared-parent", 0, &[("agents", "ok"), ("runner", "ok")]),
    ("profiles-exclude", 1, &[("day", "error"), ("night", "error")]),
    ("read-only-mount", 1, &[("agents", "ok"), ("runner", "error")]),
    (
        "reference-mount",
        0,
        &[
            ("agents", "warning"),
            ("backup", "not-a-participant"),
            ("docs", "not-a-participant"),
            ("probe", "not-a-participant"),
        ],
    ),
    ("root-owned-parent", 1, &[("agents", "error"), ("runner", "error")]),
    ("runner-skips-flock", 1, &[("agents", "warning"), ("runner", "error")]),
    ("three-replicas", 1, &[("agents", "error")]),
    ("tmpfs-over-lock", 1, &[("agents", "error"), ("runner", "error")]),
    ("two-stacks", 1, &[("worker", "error"), ("worker", "error")]),
    ("unset-directory", 1, &[("agents", "error"), ("docs", "undetermined"), ("runner", "error")]),
];

/// Which rules must be among the findings, beyond the verdicts.
const RULES: &[(&str, &[&str])] = &[
    ("chat-perhaps-empty-key", &["interactive-shares-identity"]),
    ("chat-shares-with-flock", &["interactive-behind-guard"]),
    ("chat-shares-without-flock", &["interactive-shares-identity"]),
    ("credentials-file", &["file-mount"]),
    ("factory", &["host-shares", "lock-on-private-layer", "spawner-unseen"]),
    ("guard-on-program-lock", &["guard-collides"]),
    ("guards-at-two-paths", &["guard-mismatch"]),
    ("home-mounted", &["home-mounted"]),
    ("key-beside-login", &["key-beside-login"]),
    ("old-beside-inside-only", &["version-skew"]),
    ("old-beside-new", &["version-skew"]),
    ("read-only-mount", &["read-only-share"]),
    ("root-owned-parent", &["lock-uncreatable"]),
    ("runner-skips-flock", &["unguarded-share"]),
    ("tmpfs-over-lock", &["lock-on-private-layer"]),
];

/// Layouts that must pass without any complaint, not even a note.
const SILENT: &[&str] = &["all-settled", "alone", "dedicated-parent", "home-on-volume", "oauth-token"];

#[test]
fn every_folder_has_the_verdicts_of_the_matrix() {
    let found: Vec<String> = folders(&root().join("fixtures/world")).iter().map(|path| name(path)).collect();
    let known: Vec<&str> = BY_HAND.iter().map(|(name, ..)| *name).collect();
    assert_eq!(found, known);
    for (folder, status, wanted) in BY_HAND {
        let run = overlock(&root().join("fixtures/world").join(folder), &["check", ".", "--format", "json"]);
        let report = run.json();
        let verdicts: Vec<(&str, &str)> = report["participants"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| (one["container"].as_str().unwrap(), one["verdict"].as_str().unwrap()))
            .collect();
        assert_eq!((run.status, verdicts.as_slice()), (*status, *wanted), "{folder}");
        let fired = rules(&report);
        for (_, wanted) in RULES.iter().filter(|(name, _)| name == folder) {
            for rule in *wanted {
                assert!(fired.iter().any(|fired| fired == rule), "{folder}: {rule} is not among {fired:?}");
            }
        }
        if SILENT.contains(folder) {
            assert!(fired.is_empty(), "{folder}: {fired:?}");
        }
        if *folder == "chat-perhaps-empty-key" {
            assert!(!fired.contains(&"key-beside-login".to_owned()), "an empty key is no key");
        }
    }
}

#[test]
fn every_folder_prints_what_is_expected() {
    for folder in folders(&root().join("fixtures/world")) {
        prints_what_is_expected(&folder, &["."], &folder);
    }
}

/// Compares what `check` of these paths prints in a folder with the files in another one, or writes those.
pub(crate) fn prints_what_is_expected(folder: &Path, paths: &[&str], expected: &Path) {
    let bless = std::env::var_os("OVERLOCK_BLESS").is_some();
    for (format, file) in [("text", "expected.txt"), ("json", "expected.json")] {
        let run = overlock(folder, &[&["check"], paths, &["--format", format]].concat());
        let expected = expected.join(file);
        if bless {
            fs::write(&expected, &run.out).unwrap();
        }
        let wanted = fs::read_to_string(&expected).unwrap_or_default();
        assert_eq!(known_here(&run.out), known_here(&wanted), "{}", expected.display());
    }
}

/// The text, without fingerprints where there is no repository: they go by the names of files below its top.
fn known_here(text: &str) -> String {
    let kept = |line: &&str| root().join(".git").exists() || !line.trim_start().starts_with("\"fingerprint\": ");
    text.lines().filter(kept).collect::<Vec<_>>().join("\n")
}

#[test]
fn excluding_profiles_make_a_finding_less_sure_and_choosing_one_ends_it() {
    let folder = root().join("fixtures/world/profiles-exclude");
    let report = overlock(&folder, &["check", ".", "--format", "json"]).json();
    for finding in report["breaches"].as_array().unwrap() {
        assert_eq!(finding["confidence"], "medium", "{finding}");
    }
    let one = overlock(&folder, &["check", ".", "--format", "json", "--profile", "day"]);
    assert_eq!((one.status, rules(&one.json()).len()), (0, 0));
    let both = overlock(&folder, &["check", ".", "--format", "json", "--profile", "day", "--profile", "night"]);
    assert_eq!(both.status, 1);
}

/// Every folder with a compose file that the tests know.
fn all_projects() -> Vec<std::path::PathBuf> {
    let folders: Vec<_> = folders(&root().join("fixtures")).iter().flat_map(|folder| folders(folder)).collect();
    folders.into_iter().filter(|folder| folder.join("compose.yaml").is_file()).collect()
}

/// In what a report breaks its contract; `breaches` is what the harness adds to it.
pub(crate) fn misfits(report: &serde_json::Value) -> Vec<String> {
    static SCHEMA: OnceLock<jsonschema::Validator> = OnceLock::new();
    let schema = SCHEMA.get_or_init(|| {
        let schema = fs::read_to_string(root().join("docs/report.schema.json")).unwrap();
        jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap()
    });
    let mut report = report.clone();
    report.as_object_mut().unwrap().remove("breaches");
    schema.iter_errors(&report).map(|error| format!("{} at {}", error, error.instance_path())).collect()
}

#[test]
fn real_output_fits_its_schema() {
    assert!(!misfits(&serde_json::json!({ "schema_version": 1 })).is_empty());
    for folder in all_projects() {
        let report = judged(&folder, &["--format", "json"]).json();
        assert_eq!(misfits(&report), Vec::<String>::new(), "{}", folder.display());
    }
}

#[test]
fn all_formats_carry_the_same_hits_and_end_alike() {
    let mut several = 0;
    for folder in all_projects() {
        let text = judged(&folder, &[]);
        let rendered = Rendered::of(&folder);
        let name = folder.display();
        assert_eq!(text.status, rendered.status, "{name}");
        let report = rendered.json("json");
        for format in ["sarif", "gitlab"] {
            assert_eq!(told_hits(format, &rendered.texts[format]), wanted_hits(&report, format), "{format} of {name}");
        }
        for hit in array(&report["breaches"]) {
            let id = format!("id=\"f-{}\"", hit["fingerprint"].as_str().unwrap());
            assert!(rendered.texts["html"].contains(&id), "{hit} is not in the page of {name}");
        }
        let wanted = wanted_findings(&report, &rendered.texts["sarif"]);
        several += wanted.iter().filter(|finding| finding.hits.len() > 1).count();
        for format in ["github", "junit", "markdown"] {
            let mut wanted = wanted.clone();
            if format == "github" {
                // The message of one hit names it.
                for finding in wanted.iter_mut().filter(|finding| finding.hits.len() == 1) {
                    finding.hits.clear();
                }
                wanted.sort();
            }
            assert_eq!(told_findings(format, &rendered.texts[format]), wanted, "{format} of {name}");
        }
        // The text has a line of notes that another lock does not cover, and the hits in columns.
        let worse = |findings: Vec<ToldFinding>| -> Vec<(String, String)> {
            let worse = findings.into_iter().filter(|finding| finding.severity != "note");
            let mut worse: Vec<_> = worse.map(|finding| (finding.severity, finding.rule)).collect();
            worse.sort();
            // The text tells once what is not known for one cause.
            worse.dedup_by(|one, other| one == other && one.1 == "undetermined");
            worse
        };
        assert_eq!(worse(told_findings("text", &text.out)), worse(wanted), "{name}");
    }
    assert!(several > 20, "only {several} findings have several hits");
}

/// The hits of the JSON that count, as a format tells them.
fn wanted_hits(report: &serde_json::Value, format: &str) -> Vec<ToldHit> {
    let mut wanted = Vec::new();
    for finding in counted_findings(report) {
        for hit in counted_hits(finding) {
            let severity =
                if format == "gitlab" { gitlab_severity(finding, hit) } else { finding["severity"].as_str().unwrap() };
            let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
            wanted.push([text(&hit["fingerprint"]), severity.to_owned(), text(&hit["rules"][0])]);
        }
    }
    wanted.sort();
    wanted
}

/// The findings of the JSON that count, with the names by which people call their containers, which SARIF has.
fn wanted_findings(report: &serde_json::Value, sarif: &str) -> Vec<ToldFinding> {
    let results = results(sarif);
    let label = |hit: &serde_json::Value| {
        let of_hit = |result: &&serde_json::Value| result["partialFingerprints"]["overlock/v2"] == hit["fingerprint"];
        let label = results.iter().find(of_hit).unwrap()["properties"]["label"].as_str().unwrap();
        let instances = hit["instances"].as_u64().unwrap();
        if instances > 1 { format!("{label} ×{instances}") } else { label.to_owned() }
    };
    let told = |finding: &serde_json::Value| {
        let mut hits: Vec<String> = counted_hits(finding).into_iter().map(label).collect();
        hits.sort();
        let text = |key: &str| finding[key].as_str().unwrap().to_owned();
        ToldFinding { severity: text("severity"), rule: text("rule"), hits }
    };
    let mut wanted: Vec<ToldFinding> = counted_findings(report).into_iter().map(told).collect();
    wanted.sort();
    wanted
}

#[test]
fn the_exit_status_is_the_same_in_every_format() {
    let world = root().join("fixtures/world");
    let broken = project(&[("compose.yaml", "services: [")]);
    let settled = world.join("all-settled");
    let cases = [
        (settled.as_path(), 0),
        (&world.join("named-volume"), 1),
        (broken.path(), 2),
        (&world.join("dedicated-parent-one-without-variable"), 3),
    ];
    for (folder, status) in cases {
        for format in ["text", "json"].iter().chain(&FORMATS) {
            for option in ["--format", "--output"] {
                let run = overlock(folder, &["check", ".", option, format]);
                assert_eq!(run.status, status, "{option} {format} {}", folder.display());
                assert!(!run.out.is_empty());
            }
        }
    }
}

#[test]
fn the_text_at_a_location_is_what_it_says() {
    let (mut checked, mut wrong) = (0, Vec::new());
    for folder in all_projects() {
        let text = overlock(&folder, &["check", ".", "-v"]).out;
        let report = judged(&folder, &["--format", "json"]).json();
        for finding in report["breaches"].as_array().unwrap() {
            let container = finding["container"].as_str().unwrap();
            for location in finding["locations"].as_array().unwrap() {
                let snippet = snippet(&folder, location);
                let at = format!("{}:{}:{}", location["file"].as_str().unwrap(), location["line"], location["column"]);
                let primary = location["role"] == "primary";
                assert!(!primary || text.contains(&at), "{at} is not in the text of {}", folder.display());
                // Where only the beginning of a text is known, the location has no width and shows nothing of it.
                let Some(first) = snippet.lines().next() else { continue };
                assert!(text.contains(first), "{first:?} at {at} is not shown");
                // What a location can be: a mount, a call, a variable's name, a label, a user, a flag, a service.
                let known = [
                    "/",
                    "claude",
                    "flock",
                    "ANTHROPIC",
                    "CLAUDE_",
                    "overlock.",
                    "true",
                    "tar",
                    "cp",
                    "type:",
                    "npm",
                    "printf",
                    "echo",
                    "$(mktemp",
                    ".env",
                    "cat",
                    "jq",
                    "rsync",
                    "tee",
                    "ln",
                    "sed",
                    "docker",
                    "npx",
                    "deno",
                    "bash",
                    "sh",
                    // A word that is not known: the finding is about it.
                    "$",
                    // A container that a person waits for.
                    "-it",
                    "install",
                    // Where a container that people work in is described.
                    "image",
                    "service",
                    "build",
                    // Programs and steps of a build that make, copy or run something.
                    "COPY",
                    "dd",
                    "find",
                    "make",
                    "node",
                    "pip",
                    "python",
                    // A script that says itself which packages it needs.
                    ".py",
                    "sleep",
                    "apt",
                    "apk",
                    "dnf",
                    "curl",
                    "tmux",
                    "uv",
                    // What commands mount over a state directory, and what another repository describes.
                    "mount",
                    "extends",
                ];
                // Names that links give to the program.
                let is_other_name = ["ai", "cc"].contains(&snippet.as_str());
                let fits = is_other_name
                    || known.iter().any(|known| snippet.contains(known))
                    || snippet.trim_matches('"').chars().next().is_some_and(|c| c.is_ascii_digit())
                    || snippet.contains(container);
                wrong.extend((!fits).then(|| format!("{at} in {} is {snippet:?}", folder.display())));
                checked += 1;
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(checked > 150, "only {checked} locations were looked at");
}

fn snippet(folder: &Path, location: &serde_json::Value) -> String {
    let name = location["file"].as_str().unwrap();
    // What a here-document writes is told by the file that it stands in, and is no file of its own.
    if name.contains(" of ") {
        return String::new();
    }
    let text = fs::read_to_string(folder.join(name)).unwrap();
    let number = |key: &str| usize::try_from(location[key].as_u64().unwrap()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let (first, last) = (number("line"), number("end_line"));
    let part = |line: usize, from: usize, to: Option<usize>| -> String {
        let line = lines.get(line - 1).copied().unwrap_or("");
        line.chars().skip(from - 1).take(to.map_or(usize::MAX, |to| to - from)).collect()
    };
    if first == last {
        return part(first, number("column"), Some(number("end_column")));
    }
    (first..=last)
        .map(|line| part(line, if line == first { number("column") } else { 1 }, None))
        .collect::<Vec<_>>()
        .join("\n")
}
