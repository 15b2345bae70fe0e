//! Overlock audits container layouts.
//!
//! Data flows one way. A module imports only what stands above it:
//!
//! ```text
//! text      files, spans, the YAML tree
//! parallel  work on all cores
//! model     Layout: containers, mounts, environment, as every input gives them
//! rules     profiles, the matrix, filesystems: rules as data
//! finding   what is reported: participants, the rules that each breaks, logins and what is wrong with them
//! input     compose files, Dockerfiles, shell scripts, the engine, the kernel, captures -> Layout
//! judge     places, exclusion, facts, the matrix -> participants and the rules that each breaks
//! report    what counts: hits, logins, fingerprints, what a team accepts, comparisons, the exit status
//! fix       what ends a finding: changes that are judged again, and the edits of files that make them
//! render    text, JSON and the other formats, the page, the picture, metrics, where paths live
//! command   one file a subcommand
//! cli       the command line's types
//! ```

pub mod cli;
pub mod command;
pub mod finding;
pub mod fix;
pub mod input;
pub mod judge;
pub mod model;
pub mod parallel;
pub mod render;
pub mod report;
pub mod rules;
pub mod text;
