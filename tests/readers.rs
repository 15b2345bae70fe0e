//! The output formats, read back as those who are given them read them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::judged;
use crate::xml::Element;

/// A finding as every format tells it: severity and rule.
pub(crate) type Told = (String, String);

/// The formats beside text and JSON.
pub(crate) const FORMATS: [&str; 6] = ["sarif", "github", "gitlab", "junit", "markdown", "html"];

fn told(severity: &str, rule: &str) -> Told {
    (severity.to_owned(), rule.to_owned())
}

/// The findings of the JSON that count.
pub(crate) fn counted(report: &Value) -> Vec<&Value> {
    array(&report["breaches"]).iter().filter(|one| one["suppressed"].is_null()).collect()
}

/// The findings of a report in a format that count, sorted. GitLab keeps no severity of ours: it gives its own.
pub(crate) fn findings(format: &str, text: &str) -> Vec<Told> {
    let mut all: Vec<Told> = match format {
        "json" => counted(&json(text)).into_iter().map(|one| told(of(one, "severity"), of(one, "rule"))).collect(),
        "sarif" => {
            let counted = results(text).into_iter().filter(|one| array(&one["suppressions"]).is_empty());
            counted.map(|one| told(of(&one["properties"], "severity"), of(&one, "ruleId"))).collect()
        }
        "github" => annotations(text)
            .iter()
            .filter(|one| !["input", "not inspected"].contains(&one.property("title")))
            .map(|one| told(one.command.replace("notice", "note").as_str(), one.property("title")))
            .collect(),
        "gitlab" => array(&json(text))
            .iter()
            .filter(|one| one["check_name"] != "input")
            .map(|one| told(of(one, "severity"), of(one, "check_name")))
            .collect(),
        "junit" => Element::parse(text).texts().iter().flat_map(|text| text.lines()).filter_map(headline).collect(),
        "markdown" => text.lines().filter_map(heading).collect(),
        "html" => text.split("<article ").skip(1).map(article).collect(),
        _ => text.lines().filter_map(headline).collect(),
    };
    all.sort();
    all
}

/// What GitLab calls a finding of the JSON.
pub(crate) fn gitlab_severity(finding: &Value) -> &'static str {
    match (of(finding, "severity"), of(finding, "confidence")) {
        _ if finding["rule"] == "undetermined" => "minor",
        ("error", "high") => "blocker",
        ("error", _) => "critical",
        ("warning", _) => "major",
        _ => "info",
    }
}

/// `error[rule]: …`
fn headline(line: &str) -> Option<Told> {
    let (severity, rest) = line.split_once('[')?;
    let (rule, _) = rest.split_once("]: ")?;
    ["error", "warning", "note"].contains(&severity).then(|| told(severity, rule))
}

/// `### error: `rule` in …`
fn heading(line: &str) -> Option<Told> {
    let (severity, rest) = line.strip_prefix("### ")?.split_once(": `")?;
    Some(told(severity, rest.split_once('`')?.0))
}

/// `… data-rule="rule" data-severity="error">…`
fn article(text: &str) -> Told {
    let of = |name: &str| text.split_once(&format!("data-{name}=\"")).unwrap().1.split_once('"').unwrap().0;
    told(of("severity"), of("rule"))
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
    command: String,
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

    pub(crate) fn json(&self, format: &str) -> Value {
        json(&self.texts[format])
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
                let ours = ["<details><summary>Evidence, confidence ", "<details><summary>Suppressed: ", "</details>"];
                if !ours.iter().any(|start| html.starts_with(start)) || html.matches('<').count() > 3 {
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
