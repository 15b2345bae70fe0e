//! Overlock from outside: one binary, one harness, a scrubbed environment.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    reason = "a test that finds something else than it wants ends there, and a table is as long as it has cases"
)]

mod accept;
mod bad_input;
mod browser;
mod canary;
mod captures;
mod cases;
mod ci;
mod compose;
mod contributing;
mod cron;
mod debian_scripts;
mod devcontainer;
mod discovery;
mod documents;
mod engine;
mod engine_faults;
mod engine_look;
mod explain;
mod factory;
mod file_cycles;
mod fix;
mod forge;
mod formats;
mod graph;
mod harness;
mod help;
mod host_remedies;
mod hostile;
mod init;
mod install;
mod jq;
mod layers;
mod manual;
mod network_places;
mod one_sided;
mod options;
mod oracle;
mod outputs;
mod parameters;
mod plugin;
mod properties;
mod readers;
mod reading;
mod remedies;
mod report;
mod rules;
mod runners;
mod script_starts;
mod scripts;
mod since;
mod told_reasons;
mod translations;
mod traps;
mod unfixed;
mod variables;
mod volumes;
mod watch;
mod world;
mod xml;
