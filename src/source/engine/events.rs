//! What happens to containers, as the engine tells it line by line. bollard's own reader of such lines loses those that
//! came behind one that it does not understand. Uses `connect` and `lenient`.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;

use bollard::models::EventMessage;
use hyper::body::{Body as _, Incoming};
use serde_json::Value;

use super::connect::Budget;
use super::lenient::{Picked, pick};
use super::roll::Happened;

/// Containers made, started, ended, removed and renamed; Podman has other names for some of it. Of what else happens, such
/// as each run of a health check, there is much.
const FILTERS: &str = "%7B%22type%22%3A%5B%22container%22%5D%2C%22event%22%3A%5B%22create%22%2C%22start%22%2C%22die%22%2C\
                       %22died%22%2C%22destroy%22%2C%22remove%22%2C%22rename%22%5D%7D";
/// What of an event is wanted.
const WANTED: [&str; 6] = ["/Type", "/Action", "/Actor/ID", "/Actor/Attributes", "/time", "/timeNano"];
/// No event is longer, in bytes: all labels of a container are in it.
const LONGEST: usize = 8 << 20;
/// A second, in nanoseconds.
pub(super) const SECOND: i64 = 1_000_000_000;

/// The path of the request, from a time on.
pub(super) fn path(since: i64) -> String {
    format!("/events?since={}.{:09}&filters={FILTERS}", since.div_euclid(SECOND), since.rem_euclid(SECOND))
}

/// The events as they come.
pub(super) struct Events {
    body: Incoming,
    budget: Arc<Budget>,
    /// What came and has no end yet.
    begun: Vec<u8>,
    /// Lines that came and were not taken yet, the last first.
    whole: Vec<Vec<u8>>,
}

/// Why no more come.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ended {
    /// The engine closed it, or the connection broke.
    Left,
    /// A line has no end.
    TooLong,
}

impl Events {
    pub(super) fn new(body: Incoming, budget: Arc<Budget>) -> Self {
        Self { body, budget, begun: Vec::new(), whole: Vec::new() }
    }

    /// The next line. An engine that goes away may leave a part of one, which tells nothing.
    pub(super) async fn next(&mut self) -> Result<Vec<u8>, Ended> {
        loop {
            if let Some(line) = self.whole.pop() {
                return Ok(line);
            }
            let frame = std::future::poll_fn(|cx| Pin::new(&mut self.body).poll_frame(cx)).await;
            let frame = frame.and_then(Result::ok).ok_or(Ended::Left)?;
            self.budget.renew();
            let Ok(data) = frame.into_data() else { continue };
            let mut parts = data.split(|byte| *byte == b'\n');
            self.begun.extend_from_slice(parts.next().unwrap_or_default());
            for part in parts {
                self.whole.push(std::mem::replace(&mut self.begun, part.to_vec()));
            }
            self.whole.reverse();
            if self.begun.len() > LONGEST {
                return Err(Ended::TooLong);
            }
        }
    }
}

/// Something that happened to a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) id: String,
    pub(super) what: Happened,
    /// When, in nanoseconds since 1970, by the engine's clock.
    pub(super) at: i64,
    /// What the event itself tells of the container: name, image, labels.
    pub(super) attributes: HashMap<String, String>,
}

impl Event {
    /// What a list told and no event.
    pub(super) fn unseen(id: String, at: i64) -> Self {
        Self { id, what: Happened::Started, at, attributes: HashMap::new() }
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }
}

/// A line is no event.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoEvent;

/// What a line tells; `None` where that is nothing of interest.
pub(super) fn parse(line: &[u8]) -> Result<Option<Event>, NoEvent> {
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
    Ok(Some(Event { id, what, at, attributes: actor.attributes.unwrap_or_default() }))
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
    fn a_time_is_written_as_the_engine_reads_it() {
        assert!(path(5_000_000_007).starts_with("/events?since=5.000000007&filters=%7B%22type"));
    }
}
