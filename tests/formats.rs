//! What programs read: SARIF, GitHub's annotations, GitLab's report, JUnit's XML, and Markdown. Each is held against its
//! schema, or read back by its reader's rules.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::Value;

use crate::accept::SHARED;
use crate::harness::{folders, overlock, project, root, rule_folders};
use crate::readers::{
    FORMATS, Rendered, annotations, array, counted_files, counted_findings, counted_hits, decoded, gitlab_severity,
    json, markdown, of, page, results,
};
use crate::xml::{Element, Schema};

fn broken() -> PathBuf {
    root().join("fixtures/formats/broken")
}

fn copied(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() { copied(&path, &target) } else { _ = fs::copy(&path, &target).unwrap() }
    }
}

fn schema(name: &str) -> jsonschema::Validator {
    let text = fs::read_to_string(root().join("tests/schemas").join(name)).unwrap();
    // The official SARIF schema has a slip: the bracket that closes nothing is an error in today's regular expressions.
    jsonschema::validator_for(&json(&text.replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}$"))).unwrap()
}

fn errors(schema: &jsonschema::Validator, value: &Value) -> Vec<String> {
    schema.iter_errors(value).map(|error| format!("{error} at {}", error.instance_path())).collect()
}

/// The one with the names, one of each rule, and captures, in every format.
fn looked_at() -> &'static [Rendered] {
    static ALL: OnceLock<Vec<Rendered>> = OnceLock::new();
    ALL.get_or_init(|| {
        let rules = rule_folders().into_iter().filter_map(|rule| folders(&rule).into_iter().next());
        let others = ["formats/broken", "world/two-stacks", "world/alone"].map(|one| root().join("fixtures").join(one));
        others.into_iter().chain(rules).map(|folder| Rendered::of(&folder)).collect()
    })
}

#[test]
fn a_broken_project_in_every_format() {
    // In a folder of its own, which no repository is around: what is found is named and recognised below that.
    let alone = tempfile::tempdir().unwrap();
    let project = alone.path().join("broken");
    copied(&broken(), &project);
    // The page is looked at in a browser.
    for format in FORMATS.into_iter().filter(|format| *format != "html") {
        let run = overlock(&project, &["check", ".", "--format", format]);
        assert_eq!((run.status, run.err.as_str()), (1, ""), "{format}");
        let mut text = run.out;
        if format == "sarif" {
            let mut log = json(&text);
            let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array_mut().unwrap();
            assert!(rules.len() > 20);
            rules.retain(|rule| rule["id"] == "uid-mismatch");
            text = serde_json::to_string_pretty(&log).unwrap().replace(env!("CARGO_PKG_VERSION"), "VERSION");
        }
        insta::assert_snapshot!(format, text);
    }
}

#[test]
fn sarif_fits_its_schema_and_points_where_the_json_does() {
    let schema = schema("sarif-2.1.0.json");
    assert!(!schema.is_valid(&serde_json::json!({ "version": "2.1.0", "runs": [{}] })));
    let (mut in_containers, mut linked) = (0, 0);
    for rendered in looked_at() {
        let (report, log) = (rendered.json("json"), rendered.json("sarif"));
        assert_eq!(errors(&schema, &log), [] as [&str; 0], "{}", rendered.folder.display());
        let rules = array(&log["runs"][0]["tool"]["driver"]["rules"]);
        let mut results = array(&log["runs"][0]["results"]).iter();
        for login in array(&report["logins"]) {
            for finding in array(&login["findings"]) {
                for hit in array(&finding["hits"]) {
                    let result = results.next().unwrap();
                    let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
                    assert_eq!((&rules[rule]["id"], &hit["rules"][0]), (&result["ruleId"], &result["ruleId"]));
                    assert_eq!(result["partialFingerprints"]["overlock/v2"], hit["fingerprint"]);
                    let told = &result["properties"];
                    for key in ["rules", "role", "instances", "confidence", "container", "project"] {
                        assert_eq!(told[key], hit[key], "{key}");
                    }
                    assert_eq!((&told["login"]["id"], &told["family"]), (&login["id"], &finding["family"]));
                    let open = finding["family"] == "undetermined";
                    let level = if open { "none" } else { of(finding, "severity") };
                    assert_eq!((of(result, "kind"), of(result, "level")), (if open { "open" } else { "fail" }, level));
                    linked += check_message(result, finding, hit);
                    in_containers += check_locations(result, finding, hit);
                }
            }
        }
        assert!(results.next().is_none());
    }
    assert!(in_containers > 5, "only {in_containers} locations in containers");
    assert!(linked > 20, "only {linked} hits are linked");
}

/// That a result says what its hit says and names the others that count, with links to where they are; how many.
fn check_message(result: &Value, finding: &Value, hit: &Value) -> usize {
    let text = of(&result["message"], "text");
    let (own, rest) = text.split_once('\n').unwrap_or((text, ""));
    let plain = own.replace("\\[", "[").replace("\\]", "]").replace("\\\\", "\\");
    assert_eq!(plain, of(hit, "message"));
    let others = counted_hits(finding).into_iter().filter(|other| other["fingerprint"] != hit["fingerprint"]).count();
    let named = rest.lines().find_map(|line| line.strip_prefix("Also concerned: "));
    assert_eq!(named.map_or(0, |named| named.split(", ").count()), others.min(11), "{text}");
    let links: Vec<&str> =
        named.unwrap_or("").split("](").skip(1).map(|rest| rest.split(')').next().unwrap()).collect();
    for link in &links {
        let id: u64 = link.parse().unwrap();
        assert!(array(&result["relatedLocations"]).iter().any(|at| at["id"] == id), "{link} leads nowhere: {result}");
    }
    links.len()
}

/// That a result points at all that its hit points at, at its primary location first where that is its own; how many of
/// them are in running containers.
fn check_locations(result: &Value, finding: &Value, hit: &Value) -> usize {
    let related = result["relatedLocations"].as_array().cloned().unwrap_or_default();
    let located: Vec<&Value> = array(&result["locations"]).iter().chain(&related).collect();
    let wanted = array(&hit["locations"]);
    for one in wanted {
        assert!(located.iter().any(|at| is_at(at, one)), "{one} is not in {result}");
    }
    let sharers = array(&finding["hits"]).iter().filter(|other| is_same_place(&other["locations"][0], &wanted[0]));
    assert!(sharers.count() > 1 || is_at(located[0], &wanted[0]), "{result}");
    let ids: BTreeSet<u64> = located.iter().filter_map(|at| at["id"].as_u64()).collect();
    assert_eq!(ids.len(), located.len(), "{result}");
    wanted.iter().filter(|one| one["file"].is_null()).count()
}

fn is_same_place(one: &Value, other: &Value) -> bool {
    ["file", "line", "column", "container", "fact"].iter().all(|key| one[key] == other[key])
}

/// Whether a location of SARIF is one of the JSON.
fn is_at(at: &Value, wanted: &Value) -> bool {
    let (physical, region) = (&at["physicalLocation"], &at["physicalLocation"]["region"]);
    if wanted["file"].is_null() {
        let told = at["message"]["text"].as_str().is_some_and(|text| text.ends_with(of(wanted, "fact")));
        return physical.is_null() && told && at["logicalLocations"][0]["name"] == wanted["container"];
    }
    let uri = physical["artifactLocation"]["uri"].as_str().map(decoded);
    let keys = [("startLine", "line"), ("startColumn", "column"), ("endLine", "end_line"), ("endColumn", "end_column")];
    uri.as_deref() == wanted["file"].as_str() && keys.iter().all(|(key, name)| region[key] == wanted[name])
}

#[test]
fn services_that_share_an_anchor_are_shown_at_lines_of_their_own() {
    let anchor =
        "x-agent: &agent\n  image: x\n  volumes: [\"/srv/c:/home/agent/.claude\"]\n  entrypoint: [claude, -p]\n";
    let directory = project(&[("compose.yaml", &format!("{anchor}services:\n  a: *agent\n  b: *agent\n"))]);
    let run = |format| overlock(directory.path(), &["check", "--format", format]).out;
    let sarif = results(&run("sarif"));
    let line = |one: &Value| one["locations"][0]["physicalLocation"]["region"]["startLine"].as_u64().unwrap();
    let lines: Vec<u64> = sarif.iter().filter(|one| one["level"] == "error").map(line).collect();
    assert_eq!(lines, [6, 7]);
    assert!(of(&sarif[0]["message"], "text").contains("\nAlso concerned: [b]("), "{}", sarif[0]["message"]);
    let gitlab = json(&run("gitlab"));
    let lines: Vec<&Value> = array(&gitlab).iter().map(|one| &one["location"]["lines"]["begin"]).collect();
    assert_eq!(lines[..2], [6, 7]);
    assert_eq!(annotations(&run("github"))[0].property("line"), "6");
    // One alone is shown where it mounts the login.
    let alone = format!("{anchor}  deploy: {{replicas: 2}}\nservices:\n  a: *agent\n");
    let directory = project(&[("compose.yaml", &alone)]);
    let run = overlock(directory.path(), &["check", "--format", "github"]).out;
    assert!(["3", "4"].contains(&annotations(&run)[0].property("line")), "{run}");
}

#[test]
fn every_rule_of_sarif_is_explained() {
    let text = overlock(&broken(), &["check", ".", "--format", "sarif"]).out;
    for rule in array(&json(&text)["runs"][0]["tool"]["driver"]["rules"]) {
        let id = of(rule, "id");
        let page = overlock(&root(), &["explain", id]).out;
        assert_eq!(of(&rule["help"], "markdown"), page.trim(), "{id}");
        let full = of(&rule["fullDescription"], "text");
        assert!(page.contains(full) && full != of(&rule["shortDescription"], "text"), "{id} has no meaning of its own");
        assert!(["error", "warning", "note"].contains(&of(&rule["defaultConfiguration"], "level")));
        assert!(["high", "medium", "low"].contains(&of(&rule["properties"], "precision")));
    }
}

#[test]
fn gitlab_fits_its_schema_and_has_a_violation_a_hit() {
    let schema = schema("gitlab-code-quality.json");
    assert!(!schema.is_valid(&serde_json::json!([{ "description": "x" }])));
    for rendered in looked_at() {
        let (report, violations) = (rendered.json("json"), rendered.json("gitlab"));
        assert_eq!(errors(&schema, &violations), [] as [&str; 0], "{}", rendered.folder.display());
        let prints: BTreeSet<&str> = array(&violations).iter().map(|one| of(one, "fingerprint")).collect();
        assert_eq!(prints.len(), array(&violations).len());
        let findings = counted_findings(&report);
        let hits = findings.iter().flat_map(|finding| counted_hits(finding)).count();
        let named = usize::from(!array(&report["configuration"]).is_empty());
        let told = array(&report["diagnostics"]).len() + counted_files(&report).len() + named;
        assert_eq!(array(&violations).len(), hits + told);
        for finding in findings {
            for hit in counted_hits(finding) {
                let of_hit = |one: &&Value| one["fingerprint"] == hit["fingerprint"];
                let violation = array(&violations).iter().find(of_hit).unwrap();
                assert_eq!(of(violation, "severity"), gitlab_severity(finding, hit));
                let description = of(violation, "description");
                assert!(description.starts_with(of(hit, "message").trim_end_matches('.')), "{description}");
                let others = counted_hits(finding).len() - 1;
                assert_eq!(description.contains(". Also concerned: "), others > 0, "{description}");
                let primary = &hit["locations"][0];
                let path = &violation["location"]["path"];
                if !primary["file"].is_null() {
                    assert!(rendered.folder.join(path.as_str().unwrap()).is_file());
                }
                if !primary["file"].is_null() && others == 0 {
                    assert_eq!((path, &violation["location"]["lines"]["begin"]), (&primary["file"], &primary["line"]));
                }
            }
        }
    }
}

#[test]
fn junit_fits_its_schema_and_has_a_case_a_login() {
    let schema = Schema::parse(&fs::read_to_string(root().join("tests/schemas/junit-10.xsd")).unwrap());
    for wrong in
        ["<testsuites><testcase name='x'/></testsuites>", "<testsuite name='x'/>", "<testcase name='x' x='y'/>"]
    {
        assert!(!schema.problems(&Element::parse(wrong)).is_empty(), "{wrong}");
    }
    for rendered in looked_at() {
        let (report, suites) = (rendered.json("json"), Element::parse(&rendered.texts["junit"]));
        assert_eq!(schema.problems(&suites), [] as [&str; 0], "{}", rendered.folder.display());
        let of = |element: &Element, name: &str| -> usize { element.attribute(name).parse().unwrap() };
        let cases = suites.all("testcase");
        assert_eq!(of(&suites, "tests"), cases.len());
        let logins = array(&report["logins"]);
        let input = array(&report["diagnostics"]).len() + counted_files(&report).len();
        let files = array(&report["judged"]).len() + array(&report["not_judged"]).len() - counted_files(&report).len();
        let input = input + usize::from(!array(&report["configuration"]).is_empty()) + usize::from(files > 0);
        assert_eq!(cases.len(), logins.len().max(1) + input);
        for (attribute, name) in [("failures", "failure"), ("errors", "error")] {
            assert_eq!(of(&suites, attribute), suites.all(name).len());
        }
        for suite in suites.all("testsuite") {
            for (attribute, name) in
                [("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")]
            {
                assert_eq!(of(suite, attribute), suite.all(name).len(), "{attribute}");
            }
        }
        for login in logins {
            let name = login["id"].as_str().unwrap().split_once(':').unwrap().1;
            let case = cases.iter().find(|case| case.attribute("name") == name).unwrap();
            assert_eq!(case.attribute("classname"), login["program"].as_str().unwrap());
            let of_login = |finding: &&&Value| array(&login["findings"]).contains(finding);
            let counted = counted_findings(&report);
            let errors = counted.iter().filter(of_login).filter(|finding| finding["severity"] == "error").count();
            assert_eq!(case.all("failure").len(), errors.min(1), "{name}: what fails the run, and nothing else");
            let open = counted.iter().filter(of_login).any(|finding| finding["family"] == "undetermined");
            assert_eq!(case.all("error").len(), usize::from(open && errors == 0), "{name}");
        }
        // What is sound says why.
        for one in array(&report["participants"]).iter().filter(|one| one["verdict"] == "ok") {
            let shown = cases.iter().any(|case| case.text().contains(one["reason"].as_str().unwrap()));
            assert!(shown, "{one}");
        }
    }
}

/// The steps of a remedy, which stand in lines of their own where places are told.
fn steps_of(remedy: &Value) -> impl Iterator<Item = &str> {
    of(remedy, "text").split(", and ")
}

#[test]
fn github_reads_back_what_the_json_tells() {
    for rendered in looked_at() {
        let (report, text) = (rendered.json("json"), &rendered.texts["github"]);
        let annotations = annotations(text);
        assert_eq!(annotations.len() + 1, text.lines().count(), "every line but the last is an annotation");
        assert!(text.lines().last().unwrap().starts_with("overlock: "));
        for (annotation, finding) in annotations.iter().zip(counted_findings(&report)) {
            assert!(annotation.message.starts_with(of(finding, "message")), "{}", annotation.message);
            assert_eq!(annotation.property("title"), of(finding, "rule"));
            for remedy in array(&finding["remedies"]).iter().take(3) {
                let is_told = |step: &str| annotation.message.contains(step.trim_end_matches('.'));
                assert!(steps_of(remedy).all(is_told), "{remedy}");
            }
            let [hit] = counted_hits(finding)[..] else { continue };
            let primary = &hit["locations"][0];
            assert_eq!(annotation.property("file"), primary["file"].as_str().unwrap_or(""));
            assert_eq!(
                annotation.property("line"),
                primary["line"].as_u64().map_or(String::new(), |line| line.to_string())
            );
        }
    }
}

#[test]
fn a_path_with_every_odd_character_survives_every_format() {
    let odd = "a b%2c,:|<é>`x`&\"'#[y](z)";
    let text = "services:\n  a: {image: x, volumes: [\"/srv/c:/home/agent/.claude\"], entrypoint: [claude, -p]}\n  b: {extends: a}\n";
    let directory = project(&[(&format!("{odd}/compose.yaml"), text), ("compose.yaml", "services: {}")]);
    let run = |format| overlock(directory.path(), &["check", odd, "--format", format]);
    let path = format!("{odd}/compose.yaml");
    assert_eq!(run("json").json()["breaches"][0]["locations"][0]["file"], path.as_str());
    let at = &results(&run("sarif").out)[0]["locations"][0]["physicalLocation"]["artifactLocation"];
    assert_eq!((decoded(of(at, "uri")), of(at, "uriBaseId")), (path.clone(), "%SRCROOT%"));
    assert_eq!(annotations(&run("github").out)[0].property("file"), path);
    assert_eq!(json(&run("gitlab").out)[0]["location"]["path"], path.as_str());
    assert!(Element::parse(&run("junit").out).texts().iter().any(|text| text.contains(&format!("  at {path}:2:"))));
    let (shown, strange) = markdown(&run("markdown").out);
    assert!(shown.contains(&format!("{path}:2:")), "{shown}");
    assert_eq!(strange, [] as [&str; 0]);
}

#[test]
fn a_path_is_told_from_where_the_run_began() {
    let folder = broken();
    let absolute = folder.to_str().unwrap();
    for given in [absolute, "../broken", "./"] {
        let text = overlock(&folder, &["check", given, "--format", "github"]).out;
        let named = annotations(&text).into_iter().filter(|one| !one.message.starts_with("using "));
        let files: BTreeSet<String> = named.map(|one| one.property("file").to_owned()).collect();
        assert_eq!(files, ["compose.yaml", "scripts/dispatch.sh"].map(str::to_owned).into(), "{given}");
    }
    let beside = overlock(&folder.join("scripts"), &["check", "..", "--format", "sarif"]).out;
    let uris: BTreeSet<String> = results(&beside)
        .iter()
        .map(|one| one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap().to_owned())
        .collect();
    assert!(uris.contains("dispatch.sh") && uris.contains(&format!("file://{absolute}/compose.yaml")), "{uris:?}");
}

/// A project that is sound, with a quadlet beside it.
fn beside_a_unit(command: &str) -> tempfile::TempDir {
    let compose = "services:\n  a: {image: x, volumes: [\"/srv/c:/home/agent/.claude\"], entrypoint: [claude, -p]}\n";
    let unit = format!("[Container]\nImage=x\nVolume=%h/.{command}:/root/.{command}\nExec={command}\n");
    project(&[("compose.yaml", compose), ("jobs/agent [1].container", &unit)])
}

const UNIT: &str = "jobs/agent [1].container";

/// What GitHub, GitLab and JUnit make noise about, in words.
fn noise(rendered: &Rendered) -> Vec<String> {
    let annotations = annotations(&rendered.texts["github"]).into_iter();
    let annotated = annotations
        .map(|one| format!("{} {}: {}: {}", one.command, one.property("file"), one.property("title"), one.message));
    let violations = rendered.json("gitlab");
    let violated = array(&violations).iter().map(|one| {
        let (severity, path) = (of(one, "severity"), of(&one["location"], "path"));
        format!("{severity} {path}: {}", of(one, "description"))
    });
    let suites = Element::parse(&rendered.texts["junit"]);
    let cases = suites.all("testcase").into_iter().filter(|case| !case.all("error").is_empty());
    let failed = cases.map(|case| format!("error {}: {}", case.attribute("name"), case.text().trim()));
    assert_eq!(suites.all("failure").len(), 0);
    annotated.chain(violated).chain(failed).collect()
}

#[test]
fn every_format_tells_of_the_person_whose_home_the_login_is_in() {
    let of_home = SHARED.replace("/srv/claude:", "~/.claude:");
    for (compose, is_told) in [(of_home.as_str(), true), (SHARED, false)] {
        let rendered = Rendered::of(project(&[("compose.yaml", compose)]).path());
        for format in FORMATS {
            let text = &rendered.texts[format];
            assert!(text.contains("unguarded-share"), "{format}: {text}");
            let words =
                if format == "html" { "person on the host" } else { "the person on the host may refresh it too" };
            assert_eq!(text.contains(words), is_told, "{format}: {text}");
        }
    }
}

/// The notifications of SARIF about files that were not judged: level and file.
fn notified_files(log: &Value) -> Vec<(String, String)> {
    let schema = schema("sarif-2.1.0.json");
    assert_eq!(errors(&schema, log), [] as [&str; 0]);
    let run = &log["runs"][0];
    let kinds = array(&run["tool"]["driver"]["notifications"]);
    let told = array(&run["invocations"][0]["toolExecutionNotifications"]).iter();
    let told = told.filter(|one| one["descriptor"]["id"] == "not-judged").map(|one| {
        let index = usize::try_from(one["descriptor"]["index"].as_u64().unwrap()).unwrap();
        assert_eq!(kinds[index]["id"], "not-judged");
        let at = &one["locations"][0]["physicalLocation"]["artifactLocation"];
        assert_eq!(at["uriBaseId"], "%SRCROOT%");
        (of(one, "level").to_owned(), decoded(of(at, "uri")))
    });
    told.collect()
}

/// The files that SARIF has as judged, with their kinds.
fn analysed_files(log: &Value) -> Vec<(String, Value)> {
    let told = log["runs"][0]["artifacts"].as_array().cloned().unwrap_or_default();
    let targets = told.iter().filter(|one| one["roles"] == serde_json::json!(["analysisTarget"]));
    targets.map(|one| (decoded(of(&one["location"], "uri")), one["properties"]["kinds"].clone())).collect()
}

#[test]
fn every_format_names_a_file_that_was_not_judged_and_that_counts() {
    let directory = beside_a_unit("claude");
    let rendered = Rendered::of(directory.path());
    let report = rendered.json("json");
    let counted = counted_files(&report);
    assert_eq!((rendered.status, counted.len(), &counted[0]["file"]), (3, 1, &UNIT.into()), "{report}");
    let words = "not judged (quadlet): a quadlet is not read yet";
    let annotated = format!("warning {UNIT}: not judged: a quadlet is not read yet");
    let others = ["major", "error"].map(|noise| format!("{noise} {UNIT}: {words}"));
    assert_eq!(noise(&rendered), [&[annotated][..], &others].concat());
    assert_eq!(
        rendered.texts["github"].lines().last(),
        Some("overlock: 0 errors, 0 warnings, 1 file not judged."),
        "the last line counts it"
    );
    assert!(rendered.texts["junit"].contains("<error type=\"not-judged\""), "{}", rendered.texts["junit"]);
    let log = rendered.json("sarif");
    assert_eq!(notified_files(&log), [("warning".to_owned(), UNIT.to_owned())]);
    assert_eq!(analysed_files(&log), [("compose.yaml".to_owned(), serde_json::json!(["compose"]))]);
    let (shown, strange) = markdown(&rendered.texts["markdown"]);
    assert_eq!(strange, [] as [&str; 0]);
    let part = shown.split_once("Not judged\n").unwrap().1;
    assert!(part.trim_start().starts_with(&format!("{UNIT} (quadlet): a quadlet is not read yet\n")), "{shown}");
    assert!(
        shown.contains("Sound\n") && shown.find("quadlet") < shown.find("Sound\n"),
        "what is sound is told apart: {shown}"
    );
    assert!(shown.contains("1 file not judged") && shown.contains("compose.yaml (compose)"), "{shown}");
    let (html, shown) = (&rendered.texts["html"], page(&rendered.texts["html"]));
    assert!(html.contains("<header class=\"head error\">") && html.contains("<h1>Not judged in full"), "{html}");
    assert!(html.contains("<a href=\"#input\">") && html.find("<h2 id=\"input\"") < html.find("<h2 id=\"sound\""));
    assert!(shown.contains(&format!("{UNIT}quadleta quadlet is not read yet")), "{shown}");
    assert!(shown.contains("compose.yaml compose"), "{shown}");
    let run = |format| overlock(directory.path(), &["check", ".", "--format", format]).out;
    assert_eq!(run("concise"), format!("{UNIT}: not judged: a quadlet is not read yet\n"));
    assert!(run("text").contains(&format!("not judged: {UNIT} (a quadlet is not read yet)\n")));
    assert!(run("text").ends_with("0 errors, 0 warnings, 1 file not judged\n"), "{}", run("text"));
    let metrics = run("prometheus");
    for series in ["judged_files 1", "not_judged_files{counts=\"true\"} 1", "not_judged_files{counts=\"false\"} 0"] {
        assert!(metrics.contains(&format!("overlock_{series}\n")), "{series}: {metrics}");
    }
}

#[test]
fn a_file_that_was_not_judged_and_does_not_count_is_named_without_noise() {
    let directory = beside_a_unit("nginx");
    let rendered = Rendered::of(directory.path());
    let report = rendered.json("json");
    let files: Vec<&Value> = array(&report["not_judged"]).iter().map(|one| &one["file"]).collect();
    assert_eq!((rendered.status, counted_files(&report).len(), files), (0, 0, vec![&UNIT.into()]));
    assert_eq!(noise(&rendered), [] as [&str; 0]);
    assert_eq!(
        rendered.texts["github"],
        "overlock: 0 errors, 0 warnings. 1 other file was not judged, without effect on the exit status.\n"
    );
    let junit = Element::parse(&rendered.texts["junit"]).text();
    assert!(junit.contains(&format!("{UNIT}: not judged (quadlet): a quadlet is not read yet")), "{junit}");
    assert!(junit.contains("judged (compose): compose.yaml\n"), "{junit}");
    let log = rendered.json("sarif");
    assert_eq!(notified_files(&log), [("note".to_owned(), UNIT.to_owned())]);
    assert_eq!(analysed_files(&log).len(), 1);
    let text = &rendered.texts["markdown"];
    let (shown, strange) = markdown(text);
    assert_eq!(strange, [] as [&str; 0]);
    assert!(!text.contains("### Not judged") && !shown.contains("file not judged"), "{text}");
    let folded =
        text.split_once("<details><summary>Not judged, without effect on the exit status: 1</summary>").unwrap();
    assert!(folded.1.contains(&format!("`{UNIT}`")), "{text}");
    let (html, shown) = (&rendered.texts["html"], page(&rendered.texts["html"]));
    assert!(html.contains("<header class=\"head sound\">") && html.contains("<h1>Nothing to fix"), "{html}");
    assert!(shown.contains(&format!("{UNIT}quadleta quadlet is not read yet")), "{shown}");
    assert!(html.find("<h2 id=\"sound\"") < html.find("<h2 id=\"input\""));
    let run = |format| overlock(directory.path(), &["check", ".", "--format", format]).out;
    assert_eq!(run("concise"), "");
    let metrics = run("prometheus");
    for series in ["not_judged_files{counts=\"true\"} 0", "not_judged_files{counts=\"false\"} 1"] {
        assert!(metrics.contains(&format!("overlock_{series}\n")), "{series}: {metrics}");
    }
}

#[test]
fn that_no_container_has_a_login_is_said_only_where_everything_was_judged() {
    let compose = ("compose.yaml", "services: {a: {image: x}}\n");
    let job = ("a.container", "[Container]\nImage=x\n");
    let claim = |text: &str| {
        let text = text.to_lowercase();
        let whole = text.matches("no container has a state directory").count();
        let limited = text.matches("in what was judged, no container has a state directory").count();
        (whole - limited, limited)
    };
    for (files, wanted) in [(&[compose, job][..], (0, 1)), (&[compose], (1, 0))] {
        let directory = project(files);
        for format in ["text", "markdown", "junit", "html"] {
            let text = overlock(directory.path(), &["check", ".", "--format", format]).out;
            assert_eq!(claim(&text), wanted, "{format}: {text}");
        }
    }
}

#[test]
fn markdown_shows_what_was_found_and_nothing_foreign_means_anything() {
    assert_eq!(markdown("[x](y) <b> *e*").1.len(), 3);
    for rendered in looked_at() {
        let (report, (shown, strange)) = (rendered.json("json"), markdown(&rendered.texts["markdown"]));
        assert_eq!(strange, [] as [&str; 0], "{}", rendered.folder.display());
        // Between backticks a text is code, where that is possible.
        let same = |text: &str| text.replace('`', "").split_whitespace().collect::<String>();
        let shown = same(&shown);
        for finding in counted_findings(&report) {
            let message = of(finding, "message");
            assert!(shown.contains(&same(message)), "{message} in {}", rendered.folder.display());
            for remedy in array(&finding["remedies"]) {
                let is_told = |step: &str| shown.contains(&same(step.trim_end_matches('.')));
                assert!(steps_of(remedy).all(is_told), "{remedy}");
            }
        }
        for one in array(&report["participants"]) {
            assert!(shown.contains(&same(one["state_dir"].as_str().unwrap())));
        }
    }
}

#[test]
fn the_page_tells_what_the_json_tells_and_fetches_nothing() {
    for rendered in looked_at() {
        let (report, text) = (rendered.json("json"), &rendered.texts["html"]);
        // Between backticks a text is code, where that is possible.
        let same = |text: &str| text.replace('`', "").split_whitespace().collect::<String>();
        let shown = same(&page(text));
        let folder = rendered.folder.display();
        let told = |text: &str| assert!(shown.contains(&same(text)), "{text} in {folder}");
        let mut rows = BTreeSet::new();
        for finding in array(&report["logins"]).iter().flat_map(|login| array(&login["findings"])) {
            told(of(finding, "message"));
            for what in array(&finding["reasons"]).iter().chain(array(&finding["remedies"])) {
                told(of(what, "text").trim_end_matches('.'));
            }
            for hit in array(&finding["hits"]) {
                told(of(hit, "message"));
                told(of(hit, "detail"));
                assert!(text.contains(&format!("id=\"f-{}\"", of(hit, "fingerprint"))));
                let rules = array(&hit["rules"]).iter().map(|rule| rule.as_str().unwrap());
                let rules = rules.filter(|_| hit["suppressed"].is_null()).map(str::to_owned);
                rows.insert((of(hit, "fingerprint").to_owned(), rules.collect::<Vec<_>>()));
                for at in array(&hit["locations"]) {
                    told(&at["fact"].as_str().map_or_else(
                        || format!("{}:{}:{}", of(at, "file"), at["line"], at["column"]),
                        |fact| format!("container {}: {fact}", of(at, "container")),
                    ));
                }
            }
        }
        // Each hit has a row, or a name in one with others of which the same is said, with the rules of it that count.
        let row = |text: &str| {
            let (id, rest) = text.split_once('"').unwrap();
            let breaches = rest.split_once("data-breaches=\"").unwrap().1.split_once('"').unwrap().0;
            let rules = breaches.split_whitespace().map(|one| one.split_once(':').unwrap().1.to_owned());
            (id.to_owned(), rules.collect::<Vec<_>>())
        };
        let read: Vec<_> = text.split(" id=\"f-").skip(1).map(row).collect();
        assert_eq!((read.len(), read.into_iter().collect::<BTreeSet<_>>()), (rows.len(), rows), "{folder}");
        for one in array(&report["participants"]) {
            for key in ["state_dir", "reason", "verdict"] {
                assert!(one[key].as_str().is_none_or(|told| shown.contains(&same(told))), "{} in {folder}", one[key]);
            }
        }
        for one in array(&report["diagnostics"]) {
            assert!(shown.contains(&same(of(one, "message"))), "{one} in {folder}");
        }
        let ids: Vec<&str> = text.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{folder}");
        for link in text.split(" href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            let leads = link == "data:," || link.strip_prefix('#').is_some_and(|id| ids.contains(&id));
            assert!(leads, "{link} in {folder}");
        }
        for fetched in [" src=", "url(", "@import", "<iframe", "<object", "<base"] {
            assert!(!text.contains(fetched), "{fetched} in {folder}");
        }
    }
}
