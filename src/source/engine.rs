//! The Docker engine.
#![allow(missing_docs, clippy::missing_errors_doc, unreachable_pub)]
use super::capture::{Capture, Running};
use crate::ruleset::Profile;
use crate::text::Sources;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
#[derive(Debug, Default)]
pub struct Tls {
    pub verify: bool,
    pub cacert: Option<PathBuf>,
    pub cert: Option<PathBuf>,
    pub key: Option<PathBuf>,
}
#[derive(Debug, Default)]
pub struct Options {
    pub host: Option<String>,
    pub context: Option<String>,
    pub tls: Tls,
    pub timeout: Duration,
    pub environment: BTreeMap<String, String>,
}
pub struct Seen {
    pub capture: Capture,
    pub local: bool,
}
#[derive(Debug, thiserror::Error)]
#[error("x")]
pub struct EngineError;
pub fn look(_: &Options, _: &[Profile], _: &Sources) -> Result<Seen, EngineError> {
    Err(EngineError)
}
pub fn again(
    _: &Options,
    _: &[Profile],
    _: &Sources,
    _: &[String],
) -> Result<Vec<(String, Option<Running>)>, EngineError> {
    Err(EngineError)
}
