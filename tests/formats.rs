//! What programs read: SARIF, GitHub's annotations, GitLab's report, JUnit's XML, and Markdown. Each is held against its
//! schema, or read back by its reader's rules.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::Value;

use crate::harness::{folders, overlock, project, root, rule_folders};
use crate::readers::{
    FORMATS, Rendered, annotations, array, counted, decoded, gitlab_severity, json, markdown, of, page, results,
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
    let mut in_containers = 0;
    for rendered in looked_at() {
        let (report, log) = (rendered.json("json"), rendered.json("sarif"));
        assert_eq!(errors(&schema, &log), [] as [&str; 0], "{}", rendered.folder.display());
        let rules = array(&log["runs"][0]["tool"]["driver"]["rules"]);
        let findings = array(&report["breaches"]);
        assert_eq!(array(&log["runs"][0]["results"]).len(), findings.len());
        for (result, finding) in array(&log["runs"][0]["results"]).iter().zip(findings) {
            assert_eq!(rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()]["id"], finding["rule"]);
            assert_eq!(result["partialFingerprints"]["overlock/v1"], finding["fingerprint"]);
            assert_eq!(result["properties"]["confidence"], finding["confidence"]);
            assert!(of(&result["message"], "text").starts_with(of(finding, "message")), "{result}");
            let open = finding["rule"] == "undetermined";
            let level = if open { "none" } else { of(finding, "severity") };
            assert_eq!((of(result, "kind"), of(result, "level")), (if open { "open" } else { "fail" }, level));
            let related = result["relatedLocations"].as_array().cloned().unwrap_or_default();
            let located: Vec<&Value> = array(&result["locations"]).iter().chain(&related).collect();
            assert_eq!(located.len(), array(&finding["locations"]).len());
            for (at, wanted) in located.iter().zip(array(&finding["locations"])) {
                let (physical, region) = (&at["physicalLocation"], &at["physicalLocation"]["region"]);
                if wanted["file"].is_null() {
                    assert_eq!(at["logicalLocations"][0]["name"], wanted["container"]);
                    assert!(physical.is_null() && of(&at["message"], "text").ends_with(of(wanted, "fact")));
                    in_containers += 1;
                    continue;
                }
                assert_eq!(decoded(of(&physical["artifactLocation"], "uri")), of(wanted, "file"));
                let keys = [
                    ("startLine", "line"),
                    ("startColumn", "column"),
                    ("endLine", "end_line"),
                    ("endColumn", "end_column"),
                ];
                for (key, name) in keys {
                    assert_eq!(region[key], wanted[name], "{at}");
                }
            }
        }
    }
    assert!(in_containers > 5, "only {in_containers} locations in containers");
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
fn gitlab_fits_its_schema_and_no_violation_is_told_as_another() {
    let schema = schema("gitlab-code-quality.json");
    assert!(!schema.is_valid(&serde_json::json!([{ "description": "x" }])));
    for rendered in looked_at() {
        let (report, violations) = (rendered.json("json"), rendered.json("gitlab"));
        assert_eq!(errors(&schema, &violations), [] as [&str; 0], "{}", rendered.folder.display());
        let prints: BTreeSet<&str> = array(&violations).iter().map(|one| of(one, "fingerprint")).collect();
        assert_eq!(prints.len(), array(&violations).len());
        let findings = counted(&report);
        let named = usize::from(!array(&report["configuration"]).is_empty());
        assert_eq!(array(&violations).len(), findings.len() + array(&report["diagnostics"]).len() + named);
        for (violation, finding) in array(&violations).iter().zip(findings) {
            assert_eq!(of(violation, "severity"), gitlab_severity(finding));
            assert_eq!(violation["fingerprint"], finding["fingerprint"]);
            let primary = &finding["locations"][0];
            if !primary["file"].is_null() {
                assert_eq!(violation["location"]["path"], primary["file"]);
                assert_eq!(violation["location"]["lines"]["begin"], primary["line"]);
                assert!(rendered.folder.join(of(&violation["location"], "path")).is_file());
            }
        }
    }
}

#[test]
fn junit_fits_its_schema_and_counts_right() {
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
        assert!(cases.len() >= array(&report["participants"]).len() && !cases.is_empty());
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
        // What is sound passes, and says why.
        for one in array(&report["participants"]).iter().filter(|one| one["verdict"] == "ok") {
            let case = cases.iter().find(|case| case.attribute("name") == one["container"]).unwrap();
            assert!(case.all("failure").is_empty() && case.all("error").is_empty(), "{one}");
            assert!(case.text().contains(one["reason"].as_str().unwrap()), "{one}");
        }
    }
}

#[test]
fn github_reads_back_what_the_json_tells() {
    for rendered in looked_at() {
        let (report, text) = (rendered.json("json"), &rendered.texts["github"]);
        let annotations = annotations(text);
        assert_eq!(annotations.len() + 1, text.lines().count(), "every line but the last is an annotation");
        assert!(text.lines().last().unwrap().starts_with("overlock: "));
        for (annotation, finding) in annotations.iter().zip(counted(&report)) {
            assert!(annotation.message.starts_with(of(finding, "message")), "{}", annotation.message);
            for remedy in array(&finding["remedies"]) {
                assert!(annotation.message.contains(remedy.as_str().unwrap()));
            }
            let primary = &finding["locations"][0];
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

#[test]
fn markdown_shows_what_was_found_and_nothing_foreign_means_anything() {
    assert_eq!(markdown("[x](y) <b> *e*").1.len(), 3);
    for rendered in looked_at() {
        let (report, (shown, strange)) = (rendered.json("json"), markdown(&rendered.texts["markdown"]));
        assert_eq!(strange, [] as [&str; 0], "{}", rendered.folder.display());
        // Between backticks a text is code, where that is possible.
        let same = |text: &str| text.replace('`', "").split_whitespace().collect::<String>();
        let shown = same(&shown);
        for finding in counted(&report) {
            assert!(
                shown.contains(&same(of(finding, "message"))),
                "{} in {}",
                finding["message"],
                rendered.folder.display()
            );
            for remedy in array(&finding["remedies"]) {
                assert!(shown.contains(&same(remedy.as_str().unwrap())), "{remedy}");
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
        // Each hit has one row, which says the rules of it that count.
        let row = |text: &str| {
            let (id, rest) = text.split_once('"').unwrap();
            let breaches = rest.split_once("data-breaches=\"").unwrap().1.split_once('"').unwrap().0;
            let rules = breaches.split_whitespace().map(|one| one.split_once(':').unwrap().1.to_owned());
            (id.to_owned(), rules.collect::<Vec<_>>())
        };
        let read: Vec<_> = text.split("<tr id=\"f-").skip(1).map(row).collect();
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
