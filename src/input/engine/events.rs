//! What happens to containers, as the engine tells it line by line. bollard's own reader of such lines loses those that
//! came behind one that it does not understand. Uses `connect` and `lenient`.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::Arc;

use bollard::models::EventMessage;
use hyper::body::{Body as _, Incoming};
use serde_json::Value;

use super::connect::Budget;
use super::lenient::{Picked, pick};

/// Containers made, started, ended, removed and renamed; Podman has other names for some of it. Of what else happens, such
/// as each run of a health check, there is much.
const FILTERS: &str = "%7B%22type%22%3A%5B%22container%22%5D%2C%22event%22%3A%5B%22create%22%2C%22start%22%2C%22die%22%2C\
                       %22died%22%2C%22destroy%22%2C%22remove%22%2C%22rename%22%5D%7D";
/// What of an event is wanted.
const WANTED: [&str; 6] = ["/Type", "/Action", "/Actor/ID", "/Actor/Attributes", "/time", "/timeNano"];
/// An event that is longer, in bytes, is passed over and told as one that could not be read: all labels of a container are
/// in it, and whoever made its image chose them.
const LONGEST_LINE: usize = 1 << 20;
/// A line that goes on for so long has no end.
const ENDLESS_LINE: usize = 64 << 20;
/// Of a container's labels and the rest that an event tells of it, in bytes for each.
const LONGEST_ATTRIBUTE: usize = 16 << 10;
/// A second, in nanoseconds.
pub(super) const SECOND: i64 = 1_000_000_000;

/// The path of the request, from a time on.
pub(super) fn path(since: i64) -> String {
    format!("/events?since={}.{:09}&filters={FILTERS}", since.div_euclid(SECOND), since.rem_euclid(SECOND))
}

/// What happened to a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Happened {
    /// It was made.
    Made,
    /// It was started.
    Started,
    /// It ended or was removed.
    Ended,
    /// It has another name.
    Renamed,
}

/// The lines of a subscription as they come.
pub(super) struct EventStream {
    body: Incoming,
    budget: Arc<Budget>,
    lines: EventLines,
}

/// Why no more come.
#[derive(Debug, Clone, Copy)]
pub(super) enum StreamEnd {
    /// The engine closed it, or the connection broke.
    Left,
    /// A line has no end.
    Endless,
}

impl EventStream {
    pub(super) fn new(body: Incoming, budget: Arc<Budget>) -> Self {
        Self { body, budget, lines: EventLines::default() }
    }

    /// The next line; `None` of one that is too long. An engine that goes away may leave a part of one, which tells
    /// nothing.
    pub(super) async fn next_line(&mut self) -> Result<Option<Vec<u8>>, StreamEnd> {
        loop {
            if let Some(line) = self.lines.whole.pop_front() {
                return Ok(line);
            }
            let frame = std::future::poll_fn(|cx| Pin::new(&mut self.body).poll_frame(cx)).await;
            let frame = frame.and_then(Result::ok).ok_or(StreamEnd::Left)?;
            self.budget.renew();
            let Ok(data) = frame.into_data() else { continue };
            self.lines.extend(&data);
            if self.lines.begun > ENDLESS_LINE {
                return Err(StreamEnd::Endless);
            }
        }
    }
}

/// Bytes cut into lines.
#[derive(Debug, Default)]
struct EventLines {
    /// What came of a line that has no end yet, as far as it is kept.
    part: Vec<u8>,
    /// How long that line is.
    begun: usize,
    /// Lines that came and were not taken yet; `None` for one that was too long.
    whole: VecDeque<Option<Vec<u8>>>,
}

impl EventLines {
    fn extend(&mut self, data: &[u8]) {
        for (at, piece) in data.split(|byte| *byte == b'\n').enumerate() {
            if at > 0 {
                let line = std::mem::take(&mut self.part);
                self.whole.push_back((std::mem::take(&mut self.begun) <= LONGEST_LINE).then_some(line));
            }
            self.begun = self.begun.saturating_add(piece.len());
            if self.begun <= LONGEST_LINE {
                self.part.extend_from_slice(piece);
            } else {
                self.part = Vec::new();
            }
        }
    }
}

/// Something that happened to a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ContainerEvent {
    pub(super) id: String,
    pub(super) what: Happened,
    /// When, in nanoseconds since 1970, by the engine's clock.
    pub(super) at: i64,
    /// What the event itself tells of the container, as far as it is used: name, image, some labels.
    pub(super) attributes: HashMap<String, String>,
}

impl ContainerEvent {
    /// What a list told and no event.
    pub(super) fn unseen(id: String, at: i64) -> Self {
        Self { id, what: Happened::Started, at, attributes: HashMap::new() }
    }

    /// How many bytes it holds, about.
    pub(super) fn size(&self) -> usize {
        let texts = self.attributes.iter().map(|(name, value)| name.len() + value.len() + 2 * size_of::<String>());
        size_of::<Self>() + self.id.len() + texts.sum::<usize>()
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }
}

/// A line is no event.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoEvent;

/// What a line tells; `None` where that is nothing of interest.
pub(super) fn parse(line: &[u8]) -> Result<Option<ContainerEvent>, NoEvent> {
    if line.trim_ascii().is_empty() {
        return Ok(None);
    }
    let value: Value = serde_json::from_slice(line).map_err(|_| NoEvent)?;
    let Picked { value: message, .. }: Picked<EventMessage> = pick(&value, &WANTED).ok_or(NoEvent)?;
    if value.get("Type").is_some_and(|kind| kind != "container") {
        return Ok(None);
    }
    let what = match message.action.as_deref().ok_or(NoEvent)? {
        "create" => Happened::Made,
        "start" => Happened::Started,
        "die" | "died" | "destroy" | "remove" => Happened::Ended,
        "rename" => Happened::Renamed,
        _ => return Ok(None),
    };
    let actor = message.actor.unwrap_or_default();
    // What is no id must not become part of a path.
    let is_id = |id: &String| !id.is_empty() && id.chars().all(|one| one.is_ascii_alphanumeric());
    let id = actor.id.filter(is_id).ok_or(NoEvent)?;
    let seconds = || message.time.map(|time| time.saturating_mul(SECOND));
    let at = message.time_nano.or_else(seconds).ok_or(NoEvent)?;
    let mut attributes = actor.attributes.unwrap_or_default();
    attributes.retain(|name, value| is_used(name) && value.len() <= LONGEST_ATTRIBUTE);
    Ok(Some(ContainerEvent { id, what, at, attributes }))
}

/// Whether anything is told by an attribute of this name.
fn is_used(name: &str) -> bool {
    matches!(name, "name" | "image")
        || [
            "overlock.",
            "com.docker.compose.",
            "io.podman.compose.",
            "com.docker.swarm.service.name",
            "com.docker.stack.namespace",
        ]
        .iter()
        .any(|begin| name.starts_with(begin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_and_what_is_none_is_told() {
        let line = br#"{"status":"create","Type":"container","Action":"create","Actor":{"ID":"ab1",
            "Attributes":{"name":"n","image":"i","overlock.role":"batch"}},"scope":"local","time":5,"timeNano":5000000007}"#;
        let event = parse(line).unwrap().unwrap();
        assert_eq!((event.id.as_str(), event.what, event.at), ("ab1", Happened::Made, 5_000_000_007));
        assert_eq!((event.attribute("name"), event.attribute("x")), (Some("n"), None));
        for (line, what) in [
            (r#"{"Action":"died","Actor":{"ID":"a"},"time":3}"#, Happened::Ended),
            (r#"{"Action":"destroy","Actor":{"ID":"a"},"timeNano":3,"scope":"new"}"#, Happened::Ended),
            (
                r#"{"Type":"container","Action":"start","Actor":{"ID":"a","Attributes":null},"time":3}"#,
                Happened::Started,
            ),
        ] {
            assert_eq!(parse(line.as_bytes()).unwrap().unwrap().what, what);
        }
        for line in [
            "",
            " \r",
            r#"{"Type":"image","Action":"create","Actor":{"ID":"a"},"time":3}"#,
            r#"{"Type":"galaxy","Action":"create","Actor":{"ID":"a"},"time":3}"#,
            r#"{"Type":"container","Action":"exec_start: sh","Actor":{"ID":"a"},"time":3}"#,
        ] {
            assert_eq!(parse(line.as_bytes()), Ok(None), "{line}");
        }
        for line in [
            "hunter2",
            "[]",
            "{}",
            r#"{"Type":"container","Action":"create","Actor":{"ID":"a"}"#,
            r#"{"Type":"container","Action":"create","Actor":{"ID":"../a"},"time":3}"#,
            r#"{"Type":"container","Action":"create","Actor":{"ID":"a"}}"#,
        ] {
            assert_eq!(parse(line.as_bytes()), Err(NoEvent), "{line}");
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over_and_the_next_is_read() {
        let mut lines = EventLines::default();
        let long = vec![b'x'; LONGEST_LINE + 1];
        for data in [b"a\nb", &b"c\n"[..], &long[..], b"y\n", &long[1..], b"\nd\n", b"e"] {
            lines.extend(data);
            assert!(lines.part.len() <= LONGEST_LINE);
        }
        let told: Vec<_> = lines.whole.iter().map(|line| line.as_ref().map(Vec::len)).collect();
        assert_eq!(told, [Some(1), Some(2), None, Some(LONGEST_LINE), Some(1)]);
        assert_eq!((lines.part.as_slice(), lines.begun), (&b"e"[..], 1));
    }

    #[test]
    fn only_what_is_used_of_an_event_is_kept() {
        let long = "x".repeat(LONGEST_ATTRIBUTE + 1);
        let line = format!(
            r#"{{"Action":"create","Actor":{{"ID":"a","Attributes":{{"name":"n","other":"x","overlock.role":"batch",
            "com.docker.compose.project":"p","overlock.guard":"{long}"}}}},"time":3}}"#
        );
        let event = parse(line.as_bytes()).unwrap().unwrap();
        let mut kept: Vec<&str> = event.attributes.keys().map(String::as_str).collect();
        kept.sort_unstable();
        assert_eq!(kept, ["com.docker.compose.project", "name", "overlock.role"]);
        assert!(event.size() < 1000);
    }

    #[test]
    fn a_time_is_written_as_the_engine_reads_it() {
        assert!(path(5_000_000_007).starts_with("/events?since=5.000000007&filters=%7B%22type"));
    }
}
