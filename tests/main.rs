//! Overlock from outside: one binary, one harness, a scrubbed environment.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that finds something else than it wants ends there"
)]

mod bad_input;
mod canary;
mod explain;
mod harness;
mod help;
mod layers;
mod options;
mod properties;
mod readme;
mod rules;
mod world;
