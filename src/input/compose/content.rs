//! What a file of any name is by what is in it: a Compose project, a part of one, or nothing of Compose. Uses `schema` and
//! `text`.

use super::schema;
use crate::input::CandidateFile;
use crate::input::candidate_file::is_yaml_key;
use crate::text::FileId;
use crate::text::yaml::{self, Entry, Limits, Node};

/// What pipelines, manifests and frameworks have at their top, or among their services, and no compose file.
const OTHER_KEYS: [&str; 6] = ["steps", "jobs", "pipeline", "stages", "apiVersion", "_defaults"];
/// What gives a service something to run.
const IMAGE_KEYS: [&str; 3] = ["image", "build", "extends"];

/// What a file is to Compose by what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ComposeContent {
    /// Most of its services have something to run.
    Project,
    /// It has services, by their keys, but most have nothing to run: by itself it is no project.
    Part,
}

/// What a file is to Compose; `None` where it is something else. Most files are told by a look at their lines.
pub(super) fn find_content(file: &CandidateFile<'_>) -> Option<ComposeContent> {
    let is_json = match file.ending()? {
        "yaml" | "yml" => false,
        "json" => true,
        _ => return None,
    };
    let text = file.beginning();
    let has_services = if is_json { text.contains("\"services\"") } else { file.has_top_key("services") };
    if !has_services || OTHER_KEYS.iter().any(|key| file.has_top_key(key)) {
        return None;
    }
    match yaml::parse(FileId::default(), text, Limits::default()) {
        Ok(stream) => stream.documents.iter().find_map(|document| content_of(document)),
        // What is wrong with it, or that it is longer than what was read, is told when it is loaded.
        Err(_) => has_image_line(text).then_some(ComposeContent::Project),
    }
}

/// Whether a text is a project by itself, and of no other kind.
pub(in crate::input) fn is_whole_project(text: &str) -> bool {
    let stream = yaml::parse(FileId::default(), text, Limits::default());
    stream.is_ok_and(|stream| {
        let mut contents = stream.documents.iter().filter_map(|document| content_of(document));
        contents.next() == Some(ComposeContent::Project)
    })
}

fn content_of(document: &Node) -> Option<ComposeContent> {
    if OTHER_KEYS.iter().any(|key| document.get(key).is_some()) {
        return None;
    }
    let services = document.get("services")?.as_map()?;
    if services.is_empty() || services.iter().any(|service| OTHER_KEYS.contains(&service.key.as_str())) {
        return None;
    }
    let runs_something = |service: &&Entry| IMAGE_KEYS.iter().any(|key| service.value.get(key).is_some());
    if services.iter().filter(runs_something).count() * 2 > services.len() {
        return Some(ComposeContent::Project);
    }
    services.iter().all(is_service).then_some(ComposeContent::Part)
}

/// Whether an entry has nothing but what Compose knows of a service.
fn is_service(entry: &Entry) -> bool {
    let is_known = |key: &str| key.starts_with("x-") || schema::is_service_key(key);
    entry.value.as_map().is_some_and(|keys| !keys.is_empty() && keys.iter().all(|entry| is_known(&entry.key)))
}

fn has_image_line(text: &str) -> bool {
    let is_image =
        |line: &str| line.starts_with([' ', '\t']) && IMAGE_KEYS.iter().any(|key| is_yaml_key(line.trim_start(), key));
    text.lines().any(is_image)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::text::Reader;

    fn content(name: &str, text: &str) -> Option<ComposeContent> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap().join(name);
        std::fs::write(&path, text).unwrap();
        let reader = Reader::default().with_directory(path.parent().unwrap_or(Path::new("/")));
        find_content(&CandidateFile::new(&path, &reader))
    }

    #[test]
    fn services_with_images_are_a_project_whatever_the_name() {
        for (name, text) in [
            ("stack.yml", "services:\n  a:\n    image: x\n"),
            ("x.yaml", "x-a: &a\n  image: x\nservices:\n  a: *a\n  b:\n    <<: *a\n"),
            ("x.yaml", "\u{feff}\"services\":\n  a: {build: .}\n"),
            ("x.json", "{\"services\": {\"a\": {\"image\": \"x\"}}}"),
            ("x.yml", "services:\n  a:\n    extends: {file: b.yml, service: b}\n  b: {image: x}\n  c: {}\n"),
            ("x.yml", "services:\n  a:\n    image: x\n    command: {{ templated }}\n  ]\n"),
        ] {
            assert_eq!(content(name, text), Some(ComposeContent::Project), "{text}");
        }
    }

    #[test]
    fn services_without_images_are_a_part_where_their_keys_are_those_of_compose() {
        let part = "services:\n  a:\n    restart: always\n    x-mine: 1\n    volumes: [a:/b]\n";
        assert_eq!(content("compose.prod.yaml", part), Some(ComposeContent::Part));
        let mixed = "services:\n  a: {image: x}\n  b: {user: root}\n";
        assert_eq!(content("compose.prod.yaml", mixed), Some(ComposeContent::Part));
    }

    #[test]
    fn what_merely_has_services_is_nothing_of_compose() {
        for (name, text) in [
            ("x.yaml", ""),
            ("x.yaml", "services: [docker]\n"),
            ("x.yaml", "services:\n"),
            ("x.yaml", "services:\n  - name: a\n    image: b\n"),
            ("x.yaml", "steps: []\nservices:\n  a: {image: x}\n"),
            ("x.yaml", "stages: []\nservices:\n  a: {image: x}\n"),
            ("x.yaml", "apiVersion: v1\nservices:\n  a: {image: x}\n"),
            ("x.yaml", "services:\n  _defaults: {autowire: true}\n  a: {image: x}\n"),
            ("x.yaml", "services:\n  App\\Mailer: {class: X, arguments: []}\n"),
            ("x.yaml", "services:\n  a: {}\n"),
            ("x.yaml", "a:\n  services:\n    b: {image: x}\n"),
            ("x.json", "{\"pipeline\": 1, \"services\": {\"a\": {\"image\": \"x\"}}}"),
            ("x.txt", "services:\n  a: {image: x}\n"),
        ] {
            assert_eq!(content(name, text), None, "{text}");
        }
    }
}
