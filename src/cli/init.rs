//! Arguments of `init`. Uses clap alone.

use std::path::PathBuf;

use clap::Args;

use super::OUTPUT;

/// Arguments of `init`.
#[derive(Debug, Args)]
pub struct Init {
    /// A directory of the repository. What is proposed belongs to the top of the repository; without one, to the directory
    /// itself [default: this directory]
    pub path: Option<PathBuf>,
    /// Write the files. If one of them exists already, nothing is written
    #[arg(long, help_heading = OUTPUT)]
    pub write: bool,
    /// Propose a baseline of what is found now too, under this name, and a CI step that uses it
    #[arg(long, help_heading = OUTPUT, value_name = "NAME")]
    pub baseline: Option<PathBuf>,
}
