//! Everything that can be read, each giving a layout and its gaps. May use `text`, `model` and `ruleset`.

pub mod capture;
pub mod compose;
pub mod dockerfile;
pub mod engine;
mod local_volume;
pub mod proc;
pub mod project;
pub mod script;
