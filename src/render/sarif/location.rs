//! Where something is, as SARIF wants it: a range of a file below the root, or the name of a container. May use `text` and
//! `finding`; the one home of percent-encoding.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::object::{
    SarifArtifactLocation, SarifLocation, SarifLogicalLocation, SarifMessage, SarifPhysicalLocation, SarifRegion,
};
use super::text::sarif_message;
use crate::finding::Hit;
use crate::render::Given;
use crate::render::phrases::full_name;
use crate::render::safe::safe;
use crate::render::source_place::{FileRange, ShownPlace};
use crate::text::Span;

/// The directory that overlock ran in; in CI the root of the checkout.
pub(super) const ROOT: &str = "%SRCROOT%";

/// What a URI's path may have as it is.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// A running container is no file: it has a name instead, and what was told of it.
pub(super) fn span_location(span: Span, hit: &Hit, given: &Given<'_>) -> SarifLocation {
    match ShownPlace::of(span, given) {
        ShownPlace::File(spot) => file_location(&spot),
        ShownPlace::Container { name, fact } => {
            SarifLocation { message: Some(sarif_message(&safe(&fact))), ..logical_location(&name, "container", hit) }
        }
        ShownPlace::Nowhere(_) => logical_location(&hit.container, "service", hit),
    }
}

/// What is there, before what was told.
pub(super) fn label_location(location: SarifLocation, id: usize, label: &str) -> SarifLocation {
    let told = location.message.map(|told| told.text);
    let text: Vec<String> =
        (!label.is_empty()).then(|| sarif_message(&safe(label)).text).into_iter().chain(told).collect();
    let message = (!text.is_empty()).then(|| SarifMessage { text: text.join(": ") });
    SarifLocation { id: Some(id), message, ..location }
}

pub(super) fn file_location(spot: &FileRange) -> SarifLocation {
    let (start, end) = (spot.span.start, spot.span.end);
    let region =
        SarifRegion { start_line: start.line, start_column: start.column, end_line: end.line, end_column: end.column };
    physical_location(&spot.path, spot.below, Some(region))
}

pub(super) fn physical_location(path: &str, below: bool, region: Option<SarifRegion>) -> SarifLocation {
    let artifact_location = artifact_location(path, below);
    SarifLocation {
        physical_location: Some(SarifPhysicalLocation { artifact_location, region }),
        ..SarifLocation::default()
    }
}

pub(super) fn artifact_location(path: &str, below: bool) -> SarifArtifactLocation {
    let encoded = utf8_percent_encode(path, KEPT);
    if below {
        SarifArtifactLocation { uri: encoded.to_string(), uri_base_id: Some(ROOT) }
    } else {
        SarifArtifactLocation { uri: format!("file://{encoded}"), uri_base_id: None }
    }
}

pub(super) fn logical_location(name: &str, kind: &'static str, hit: &Hit) -> SarifLocation {
    let name = safe(name).into_owned();
    let fully_qualified_name = full_name(hit.project.as_deref().map(safe).as_deref(), &name);
    let logical = SarifLogicalLocation { name, fully_qualified_name, kind };
    SarifLocation { logical_locations: vec![logical], ..SarifLocation::default() }
}
