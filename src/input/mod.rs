//! Everything that can be read, each giving a layout and its gaps; `git` gives the files of a revision. May use
//! `text`, `model` and `rules`.

pub mod capture;
pub mod compose;
pub mod docker_cli;
pub mod dockerfile;
pub mod engine;
pub mod git;
pub mod kernel;
mod local_volume;
pub mod project;
pub mod shell;
pub mod walk;
