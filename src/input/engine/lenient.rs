//! Answers that bollard's types refuse: what is wanted is picked out of them piece by piece, and what is of another form
//! than the API says is named. Podman's answers, and those of engines newer than bollard, are why. Pure.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Something picked out of an answer.
#[derive(Debug)]
pub(super) struct Picked<T> {
    pub(super) value: T,
    /// The pointers of what was there in a form that is not understood.
    pub(super) odd: Vec<&'static str>,
}

/// What an answer has at each pointer (RFC 6901, without escapes), or `None` where it is no object.
/// A `T` must accept an object in which everything is missing.
pub(super) fn pick<T: DeserializeOwned>(answer: &Value, wanted: &[&'static str]) -> Option<Picked<T>> {
    answer.as_object()?;
    let mut built = Value::Object(Map::new());
    let mut odd = Vec::new();
    for pointer in wanted {
        let Some(found) = answer.pointer(pointer).filter(|found| !found.is_null()) else { continue };
        let mut next = built.clone();
        put(&mut next, pointer, without_nulls(found));
        if T::deserialize(&next).is_ok() {
            built = next;
        } else {
            odd.push(*pointer);
        }
    }
    Some(Picked { value: T::deserialize(&built).ok()?, odd })
}

/// Lists are written without their nulls, and objects without members that are null.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().filter(|item| !item.is_null()).map(without_nulls).collect(),
        Value::Object(members) => {
            let kept = members.iter().filter(|(_, member)| !member.is_null());
            kept.map(|(name, member)| (name.clone(), without_nulls(member))).collect()
        }
        other => other.clone(),
    }
}

fn put(into: &mut Value, pointer: &str, value: Value) {
    let mut place = into;
    for key in pointer.split('/').skip(1) {
        if !place.is_object() {
            *place = Value::Object(Map::new());
        }
        let Value::Object(members) = place else { return };
        place = members.entry(key).or_insert(Value::Null);
    }
    *place = value;
}

#[cfg(test)]
mod tests {
    use bollard::models::ContainerInspectResponse;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_fits_is_kept_and_what_does_not_is_named() {
        let answer = json!({
            "Id": "x", "Extra": {}, "Name": null, "Path": 7,
            "State": {"Status": "zzz", "Running": true, "Pid": "12"},
            "Config": {"Env": ["A=1", null], "Labels": {"a": "b", "c": null}},
        });
        let wanted =
            ["/Id", "/Name", "/Path", "/State/Running", "/State/Pid", "/Config/Env", "/Config/Labels", "/Mounts"];
        let picked: Picked<ContainerInspectResponse> = pick(&answer, &wanted).unwrap();
        assert_eq!(picked.odd, ["/Path", "/State/Pid"]);
        assert_eq!(picked.value.id.as_deref(), Some("x"));
        assert_eq!(picked.value.state.unwrap().running, Some(true));
        let config = picked.value.config.unwrap();
        assert_eq!(config.env.unwrap(), ["A=1"]);
        assert_eq!(config.labels.unwrap().len(), 1);
        assert!(pick::<ContainerInspectResponse>(&json!([]), &wanted).is_none());
    }
}
