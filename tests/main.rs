//! Overlock from outside: one binary, one harness, a scrubbed environment.

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
