//! Everything that can be read, each giving a layout and its gaps. May use `text`, `model` and `ruleset`.

pub mod compose;
pub mod script;
