//! The objects of SARIF 2.1.0 that are written, by their names there. Uses nothing else of this crate.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

/// `sarifLog`.
#[derive(Serialize)]
pub(super) struct SarifLog<'a> {
    #[serde(rename = "$schema")]
    pub(super) schema: &'static str,
    pub(super) version: &'static str,
    pub(super) runs: [SarifRun<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SarifRun<'a> {
    pub(super) tool: SarifTool<'a>,
    pub(super) invocations: [SarifInvocation; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) artifacts: Vec<SarifArtifact>,
    pub(super) original_uri_base_ids: BTreeMap<&'static str, SarifBase>,
    pub(super) column_kind: &'static str,
    pub(super) results: Vec<SarifResult<'a>>,
    pub(super) properties: SarifRunProperties,
}

/// `artifact`: a file that was judged.
#[derive(Serialize)]
pub(super) struct SarifArtifact {
    pub(super) location: SarifArtifactLocation,
    pub(super) roles: [&'static str; 1],
    pub(super) properties: SarifArtifactProperties,
}

#[derive(Serialize)]
pub(super) struct SarifArtifactProperties {
    /// The kinds of input that it was judged as.
    pub(super) kinds: Vec<&'static str>,
}

/// What SARIF has no place for.
#[derive(Serialize)]
pub(super) struct SarifRunProperties {
    /// What people wrote that the run went by.
    pub(super) configuration: Vec<String>,
    /// What people accept of files.
    #[serde(rename = "acceptedFiles", skip_serializing_if = "Vec::is_empty")]
    pub(super) accepted_files: Vec<String>,
    /// Participants whose verdict rests on what is only declared.
    pub(super) declared: Vec<String>,
}

#[derive(Serialize)]
pub(super) struct SarifTool<'a> {
    pub(super) driver: SarifDriver<'a>,
}

/// `toolComponent`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SarifDriver<'a> {
    pub(super) name: &'static str,
    pub(super) semantic_version: &'static str,
    pub(super) information_uri: &'static str,
    pub(super) rules: Vec<SarifRule<'a>>,
    pub(super) notifications: Vec<SarifNotice>,
}

/// `reportingDescriptor` of a rule.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SarifRule<'a> {
    pub(super) id: &'a str,
    pub(super) short_description: SarifText<'a>,
    pub(super) full_description: SarifText<'a>,
    pub(super) help: SarifHelp<'a>,
    pub(super) default_configuration: SarifConfiguration,
    pub(super) properties: SarifRuleProperties,
}

/// `reportingDescriptor` of a kind of notification.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SarifNotice {
    pub(super) id: &'static str,
    pub(super) short_description: SarifText<'static>,
}

#[derive(Serialize)]
pub(super) struct SarifText<'a> {
    pub(super) text: &'a str,
}

/// `multiformatMessageString`.
#[derive(Serialize)]
pub(super) struct SarifHelp<'a> {
    pub(super) text: &'a str,
    pub(super) markdown: &'a str,
}

/// `reportingConfiguration`.
#[derive(Serialize)]
pub(super) struct SarifConfiguration {
    pub(super) level: &'static str,
}

#[derive(Serialize)]
pub(super) struct SarifRuleProperties {
    pub(super) tags: &'static [&'static str],
    pub(super) precision: &'static str,
    #[serde(rename = "problem.severity")]
    pub(super) problem_severity: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SarifInvocation {
    pub(super) execution_successful: bool,
    pub(super) exit_code: u8,
    pub(super) tool_execution_notifications: Vec<SarifNotification>,
}

#[derive(Serialize)]
pub(super) struct SarifNotification {
    pub(super) descriptor: SarifReference,
    pub(super) level: &'static str,
    pub(super) message: SarifMessage,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) locations: Vec<SarifLocation>,
}

/// `reportingDescriptorReference`.
#[derive(Serialize)]
pub(super) struct SarifReference {
    pub(super) id: &'static str,
    pub(super) index: usize,
}

/// `artifactLocation` without a URI: where the directory is on the machine of the run is nobody's business.
#[derive(Serialize)]
pub(super) struct SarifBase {
    pub(super) description: SarifMessage,
}

#[derive(Serialize)]
pub(super) struct SarifMessage {
    pub(super) text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SarifResult<'a> {
    pub(super) rule_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rule_index: Option<usize>,
    pub(super) kind: &'static str,
    pub(super) level: &'static str,
    pub(super) message: SarifMessage,
    pub(super) locations: Vec<SarifLocation>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) related_locations: Vec<SarifLocation>,
    pub(super) partial_fingerprints: BTreeMap<&'static str, &'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) fixes: Vec<SarifFix>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) baseline_state: Option<&'static str>,
    pub(super) suppressions: Vec<SarifSuppression>,
    pub(super) properties: SarifResultProperties<'a>,
}

#[derive(Serialize)]
pub(super) struct SarifSuppression {
    pub(super) kind: &'static str,
    pub(super) status: &'static str,
    pub(super) justification: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) location: Option<SarifLocation>,
}

/// `fix`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SarifFix {
    pub(super) description: SarifMessage,
    pub(super) artifact_changes: Vec<SarifArtifactChange>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SarifArtifactChange {
    pub(super) artifact_location: SarifArtifactLocation,
    pub(super) replacements: Vec<SarifReplacement>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SarifReplacement {
    pub(super) deleted_region: SarifRegion,
    pub(super) inserted_content: SarifContent,
}

/// `artifactContent`: a text as it is to be written.
#[derive(Serialize)]
pub(super) struct SarifContent {
    pub(super) text: String,
}

#[derive(Serialize)]
pub(super) struct SarifResultProperties<'a> {
    pub(super) login: SarifLogin<'a>,
    pub(super) family: &'a str,
    /// Every rule that it breaks, the worst first.
    pub(super) rules: Vec<&'a str>,
    /// Its rules that do not count while it does, with why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) accepted: Vec<String>,
    pub(super) confidence: &'static str,
    pub(super) severity: &'static str,
    pub(super) container: Cow<'a, str>,
    pub(super) project: Option<Cow<'a, str>>,
    /// How people call the container.
    pub(super) label: Cow<'a, str>,
    pub(super) role: &'static str,
    pub(super) instances: u64,
    pub(super) peers: Vec<Cow<'a, str>>,
    pub(super) evidence: Vec<String>,
}

/// The login that a result is about.
#[derive(Serialize)]
pub(super) struct SarifLogin<'a> {
    pub(super) id: Cow<'a, str>,
    pub(super) program: &'a str,
    pub(super) place: Cow<'a, str>,
}

#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct SarifLocation {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) physical_location: Option<SarifPhysicalLocation>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) logical_locations: Vec<SarifLogicalLocation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<SarifMessage>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SarifPhysicalLocation {
    pub(super) artifact_location: SarifArtifactLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) region: Option<SarifRegion>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SarifArtifactLocation {
    pub(super) uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) uri_base_id: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SarifRegion {
    pub(super) start_line: u32,
    pub(super) start_column: u32,
    pub(super) end_line: u32,
    pub(super) end_column: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SarifLogicalLocation {
    pub(super) name: String,
    pub(super) fully_qualified_name: String,
    pub(super) kind: &'static str,
}
