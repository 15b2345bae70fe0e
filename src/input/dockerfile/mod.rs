//! Dockerfiles: the image that one builds, and the file at a path of it. May use `model`, `text` and `source::shell`.
//!
//! ```text
//! instructions    text -> instructions, each character with its place (`source_chars`); `arguments` splits what follows
//!                 a keyword, `build_variables` expands it
//! stage_builder   instructions -> an image for each stage; `stage` runs the instructions, `file_steps` those that make files
//!                 `base_working_dir`: where bases from elsewhere begin
//! image           the image: settings and steps;  stored_image: one that an engine keeps
//! find_file       a path in an image, backwards through its steps: `copy_effect` says what a COPY puts there, `run_effect`
//!                 what a RUN does (`run_words`, `transfer`); `effects` and `path_content` are their answers, `directories` which paths
//!                 are one;  run_calls: what a RUN calls, with its variables;  placed_file: the step that surely puts a file there
//! build_context   what a COPY copies from (`dockerignore`, `wildcard`);  build_request: what is built
//! load_dockerfile the same from disk
//! ```
//!
//! The rules are BuildKit's. Where the classic builder has others, the value is unknown and stays a symbol.

mod arguments;
mod base_working_dir;
mod build_context;
mod build_request;
mod build_variables;
mod copy_effect;
mod directories;
mod dockerignore;
mod effects;
mod file_steps;
mod find_file;
mod image;
mod instructions;
mod load_dockerfile;
mod path_content;
mod placed_file;
mod run_calls;
mod run_effect;
mod run_words;
mod source_chars;
mod stage;
mod stage_builder;
mod stored_image;
#[cfg(test)]
mod tests;
mod transfer;
mod wildcard;
mod written_file;

pub use build_context::{BuildContext, ContextDirectory, ContextEntry};
pub use build_request::BuildRequest;
pub use image::{BaseImage, BuildStep, CopyOrigin, CopySource, CopyStep, Image, NamedSource, RunStep, SecretMount};
pub use instructions::comments;
pub use load_dockerfile::{BuildSection, DockerfileSource, load_image};
pub use path_content::PathContent;
pub use placed_file::{PlacedFile, PlacedOrigin};
pub use run_calls::call_in_home;
pub use stage::BASE_WORKDIR;
pub use stage_builder::build_image;
pub use stored_image::{InImage, Stored};
