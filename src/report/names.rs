//! Names of files that mean the same wherever the tool runs. May use `model`.

use crate::model::{join, relative};

/// Where names start: as they are given, and as they are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    cwd: String,
    base: String,
}

impl Names {
    /// Names that are given from one directory and kept below another; both absolute.
    pub fn new(cwd: &str, base: &str) -> Self {
        Self { cwd: join("/", cwd), base: join("/", base) }
    }

    /// The whole path of a file.
    pub fn absolute(&self, name: &str) -> String {
        join(&self.cwd, name)
    }

    /// The name below the directory that names are kept below. Standard input is no file of any directory, and what is
    /// in an image neither.
    pub fn kept(&self, name: &str) -> String {
        if name == "-" || name.starts_with("image ") {
            name.to_owned()
        } else {
            relative(&self.base, &self.absolute(name))
        }
    }
}
