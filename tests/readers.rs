//! The output formats, read back as those who are given them read them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::{breaches, judged};
use crate::xml::Element;

/// A finding as a format for people tells it: severity, rule, and the containers that it is about, sorted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ToldFinding {
    pub(crate) severity: String,
    pub(crate) rule: String,
    pub(crate) hits: Vec<String>,
}

impl ToldFinding {
    fn new(severity: &str, rule: &str) -> Self {
        Self { severity: severity.to_owned(), rule: rule.to_owned(), hits: Vec::new() }
    }
}

/// A hit as a format for programs tells it: fingerprint, severity and rule.
pub(crate) type ToldHit = [String; 3];

/// The formats beside text and JSON.
pub(crate) const FORMATS: [&str; 6] = ["sarif", "github", "gitlab", "junit", "markdown", "html"];

/// The findings of the JSON of which a hit counts, each with its login, as they are told: worst first.
pub(crate) fn counted_findings(report: &Value) -> Vec<&Value> {
    let logins = array(&report["logins"]).iter();
    let findings = logins.flat_map(|login| array(&login["findings"]));
    let mut counted: Vec<&Value> = findings.filter(|finding| !counted_hits(finding).is_empty()).collect();
    counted.sort_by_key(|finding| ["error", "warning", "note"].iter().position(|one| *one == of(finding, "severity")));
    counted
}

/// The hits of a finding of the JSON that count.
pub(crate) fn counted_hits(finding: &Value) -> Vec<&Value> {
    array(&finding["hits"]).iter().filter(|hit| hit["suppressed"].is_null()).collect()
}

/// The files of the JSON that there is no clean answer without and that were not judged.
pub(crate) fn counted_files(report: &Value) -> Vec<&Value> {
    array(&report["not_judged"]).iter().filter(|one| one["counts"] == true).collect()
}

/// The hits that count in a format for programs, sorted. GitLab keeps no severity of ours: it gives its own.
pub(crate) fn told_hits(format: &str, text: &str) -> Vec<ToldHit> {
    let told = |print: &str, severity: &str, rule: &str| [print, severity, rule].map(str::to_owned);
    let mut all: Vec<ToldHit> = match format {
        "sarif" => {
            let counted = results(text).into_iter().filter(|one| array(&one["suppressions"]).is_empty());
            let print = |one: &Value| of(&one["partialFingerprints"], "overlock/v2").to_owned();
            counted.map(|one| told(&print(&one), of(&one["properties"], "severity"), of(&one, "ruleId"))).collect()
        }
        "gitlab" => array(&json(text))
            .iter()
            .filter(|one| one["check_name"] != "input")
            .map(|one| told(of(one, "fingerprint"), of(one, "severity"), of(one, "check_name")))
            .collect(),
        _ => panic!("{format} tells no fingerprints"),
    };
    all.sort();
    all
}

/// The findings that count in a format for people, sorted.
pub(crate) fn told_findings(format: &str, text: &str) -> Vec<ToldFinding> {
    let mut all: Vec<ToldFinding> = match format {
        "github" => annotations(text).iter().filter_map(annotated).collect(),
        "junit" => Element::parse(text).texts().into_iter().flat_map(read_lines).collect(),
        "markdown" => read_sections(text),
        _ => text.lines().filter_map(headline).collect(),
    };
    for finding in &mut all {
        // `×2+` is two or more, of which JSON has the least number.
        for hit in finding.hits.iter_mut().filter(|hit| hit.contains('×')) {
            *hit = hit.trim_end_matches('+').to_owned();
        }
        finding.hits.sort();
    }
    all.sort();
    all
}

/// An annotation of a finding: those of the input and of hits alone are none.
fn annotated(annotation: &Annotation) -> Option<ToldFinding> {
    let title = annotation.property("title");
    if ["input", "not inspected", "not judged"].contains(&title) || annotation.message.starts_with("new: ") {
        return None;
    }
    let mut finding = ToldFinding::new(&annotation.command.replace("notice", "note"), title);
    finding.hits = annotation.message.lines().skip(1).filter_map(hit_names).flatten().collect();
    Some(finding)
}

/// The names in `agents ×2, runner (batch), compose.yaml:17: no flock`.
fn hit_names(line: &str) -> Option<Vec<String>> {
    let roles = [" (batch)", " (interactive)", " (role unknown)"];
    let names = roles.iter().find_map(|role| line.split_once(role)).map(|(names, _)| names)?;
    Some(names.split(", ").map(str::to_owned).collect())
}

/// `error[rule]: …`, and the lines of its hits below.
fn read_lines(text: &str) -> Vec<ToldFinding> {
    let mut all: Vec<ToldFinding> = Vec::new();
    for line in text.lines() {
        match (headline(line), line.strip_prefix("  ").filter(|line| !line.starts_with(' ')), all.last_mut()) {
            (Some(finding), ..) => all.push(finding),
            (None, Some(line), Some(finding)) => finding.hits.extend(hit_names(line).into_iter().flatten()),
            _ => {}
        }
    }
    all
}

/// `### error: `rule` in …`, and the rows of its table.
fn read_sections(text: &str) -> Vec<ToldFinding> {
    let mut all: Vec<ToldFinding> = Vec::new();
    let mut in_table = false;
    for line in text.lines() {
        if let Some(finding) = heading(line) {
            all.push(finding);
        }
        in_table = line.starts_with("| who |") || (in_table && line.starts_with('|'));
        let row =
            line.strip_prefix("| ").filter(|_| in_table && !line.starts_with("| ---") && !line.contains("| who |"));
        let counts = row.filter(|row| !row.contains(" | suppressed by "));
        if let (Some(row), Some(finding)) = (counts, all.last_mut()) {
            let names = row.split(" | ").next().unwrap().replace('`', "");
            finding.hits.extend(names.split(", ").map(str::to_owned));
        }
    }
    all
}

/// What GitLab calls a hit of a finding of the JSON.
pub(crate) fn gitlab_severity(finding: &Value, hit: &Value) -> &'static str {
    match (of(finding, "severity"), of(hit, "confidence")) {
        _ if finding["family"] == "undetermined" => "minor",
        ("error", "high") => "blocker",
        ("error", _) => "critical",
        ("warning", _) => "major",
        _ => "info",
    }
}

/// `error[rule]: …`
fn headline(line: &str) -> Option<ToldFinding> {
    let (severity, rest) = line.split_once('[')?;
    let (rule, _) = rest.split_once("]: ")?;
    ["error", "warning", "note"].contains(&severity).then(|| ToldFinding::new(severity, rule))
}

/// `### error: `rule` in …`
fn heading(line: &str) -> Option<ToldFinding> {
    let (severity, rest) = line.strip_prefix("### ")?.split_once(": `")?;
    Some(ToldFinding::new(severity, rest.split_once('`')?.0))
}

/// The text that a reader of a page sees, with its entities read.
pub(crate) fn page(text: &str) -> String {
    let body = text.split_once("<main").unwrap().1.split_once("<script>").unwrap().0;
    let shown: String = body.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text).collect();
    shown.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

pub(crate) fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("not JSON ({error}): {text}"))
}

pub(crate) fn array(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap()
}

pub(crate) fn of<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("no {key} in {value}"))
}

pub(crate) fn results(text: &str) -> Vec<Value> {
    array(&json(text)["runs"][0]["results"]).clone()
}

/// A workflow command, read as GitHub's runner reads it.
pub(crate) struct Annotation {
    pub(crate) command: String,
    properties: Vec<(String, String)>,
    pub(crate) message: String,
}

impl Annotation {
    fn read(line: &str) -> Option<Self> {
        let (command, message) = line.strip_prefix("::")?.split_once("::")?;
        let (command, properties) = command.split_once(' ')?;
        let property = |text: &str| {
            let (name, value) = text.split_once('=').unwrap();
            (name.to_owned(), unescaped(&value.replace("%3A", ":").replace("%2C", ",")))
        };
        let properties = properties.split(',').map(property).collect();
        Some(Self { command: command.to_owned(), properties, message: unescaped(message) })
    }

    pub(crate) fn property(&self, name: &str) -> &str {
        self.properties.iter().find(|(one, _)| one == name).map_or("", |(_, value)| value)
    }
}

fn unescaped(text: &str) -> String {
    text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
}

pub(crate) fn annotations(text: &str) -> Vec<Annotation> {
    text.lines().filter_map(Annotation::read).collect()
}

/// A project or a capture in every format, the JSON printed and the others written in the same run.
#[derive(Default)]
pub(crate) struct Rendered {
    pub(crate) folder: PathBuf,
    pub(crate) status: i32,
    pub(crate) texts: BTreeMap<&'static str, String>,
}

impl Rendered {
    pub(crate) fn of(folder: &Path) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = |format: &str| directory.path().join(format);
        let outputs = FORMATS.map(|format| format!("--output={format}={}", file(format).display()));
        let run = judged(folder, &[&["--output", "json"][..], &outputs.each_ref().map(String::as_str)].concat());
        let mut texts: BTreeMap<_, _> =
            FORMATS.iter().map(|format| (*format, fs::read_to_string(file(format)).unwrap())).collect();
        texts.insert("json", run.out);
        Self { folder: folder.to_owned(), status: run.status, texts }
    }

    /// What a format of JSON says; the contract with `breaches` besides, as `Run::json` has them.
    pub(crate) fn json(&self, format: &str) -> Value {
        let mut document = json(&self.texts[format]);
        if format == "json" {
            document["breaches"] = breaches(&document).into();
        }
        document
    }
}

pub(crate) fn decoded(uri: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = uri.bytes();
    while let Some(byte) = rest.next() {
        assert!(byte.is_ascii_alphanumeric() || b"-._~/%".contains(&byte), "{uri} has {byte}");
        if byte == b'%' {
            let digits = [rest.next().unwrap(), rest.next().unwrap()];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// The text that a reader of Markdown sees, and what is neither text nor of ours: links, pictures, other HTML.
pub(crate) fn markdown(text: &str) -> (String, Vec<String>) {
    use pulldown_cmark::{Event, Options, Parser, Tag};
    let mut shown = String::new();
    let mut strange = Vec::new();
    for event in Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Text(text) | Event::Code(text) => shown.push_str(&text),
            Event::InlineHtml(html) if ["<!-- -->", "<code>", "</code>"].contains(&&*html) => {}
            Event::Html(html) => {
                let ours = [
                    "Evidence, confidence ",
                    "Suppressed: ",
                    "Containers: ",
                    "Judged: ",
                    "Not judged, without effect on the exit status: ",
                ]
                .map(|name| format!("<details><summary>{name}"));
                let mut ours = ours.iter().map(String::as_str).chain(["</details>"]);
                if !ours.any(|start| html.starts_with(start)) || html.matches('<').count() > 3 {
                    strange.push(html.to_string());
                }
            }
            Event::Start(
                tag @ (Tag::Link { .. } | Tag::Image { .. } | Tag::BlockQuote(_) | Tag::Emphasis | Tag::CodeBlock(_)),
            ) => {
                strange.push(format!("{tag:?}"));
            }
            Event::InlineHtml(_) | Event::InlineMath(_) | Event::DisplayMath(_) | Event::Rule => {
                strange.push(format!("{event:?}"));
            }
            Event::SoftBreak | Event::HardBreak | Event::End(_) => shown.push('\n'),
            _ => {}
        }
    }
    (shown, strange)
}
