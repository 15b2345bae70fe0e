//! Checks what the repository has as data and lays it out as it is used, so that no run reads it from text:
//! `rules.postcard` is what `rules/*.yaml` say, `explanations.rs` a table of `rules/explain/*.md`, `compose_schema.rs` a
//! table of the Compose specification's schema. Tests hold them against the files.

// Cargo is told by what is printed.
#![allow(clippy::print_stdout)]

mod schema;

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use serde::de::DeserializeOwned;

/// The types, as the crate has them; it uses more of them than this script.
#[path = "../src/rules/data/mod.rs"]
#[allow(dead_code, unused_imports, unreachable_pub)]
mod data;
#[path = "../src/text/quote.rs"]
#[allow(dead_code, unreachable_pub)]
mod quote;

/// What the types use of the crate.
mod text {
    pub(crate) use super::quote::quoted;
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=rules");
    let rules = Path::new("rules");
    let mut profiles = BTreeMap::new();
    for path in files(&rules.join("profiles"), "yaml")? {
        let profile: data::Profile = typed(&path)?;
        refuse(&path, profile.mistakes())?;
        profiles.insert(path.strip_prefix(rules)?.display().to_string(), profile);
    }
    let path = rules.join("matrix.yaml");
    let (matrix, mistakes) = data::Checker::check(&typed(&path)?);
    refuse(&path, mistakes.into_iter().map(|mistake| format!("{}: {}", mistake.path.join("."), mistake.message)))?;
    let filesystems = typed(&rules.join("filesystems.yaml"))?;
    let data = data::RuleData { profiles, matrix, filesystems };
    let output = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(output.join("rules.postcard"), postcard::to_stdvec(&data)?)?;
    let path = "src/input/compose/schema/compose-spec.json";
    println!("cargo::rerun-if-changed={path}");
    let table = schema::table(&fs::read_to_string(path)?).map_err(|error| format!("{path}: {error}"))?;
    fs::write(output.join("compose_schema.rs"), table)?;
    fs::write(output.join("explanations.rs"), explanations(&rules.join("explain"))?)?;
    Ok(())
}

/// The files of a directory with an ending, by name.
fn files(directory: &Path, ending: &str) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == ending) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn typed<T: DeserializeOwned>(path: &Path) -> Result<T, Box<dyn Error>> {
    let text = fs::read_to_string(path)?;
    Ok(serde_yaml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?)
}

/// Ends the build where something is wrong, with all that is.
fn refuse(path: &Path, mistakes: impl Iterator<Item = String>) -> Result<(), Box<dyn Error>> {
    let all = mistakes.fold(String::new(), |all, mistake| format!("{all}\n{}: {mistake}", path.display()));
    if all.is_empty() { Ok(()) } else { Err(all.into()) }
}

/// A table of the explanations in Rust: rules with their pages.
fn explanations(directory: &Path) -> Result<String, Box<dyn Error>> {
    let mut table = String::from("&[\n");
    for path in files(directory, "md")? {
        let rule = path.file_stem().unwrap_or_default().display().to_string();
        writeln!(table, "    ({rule:?}, {:?}),", fs::read_to_string(&path)?)?;
    }
    table.push(']');
    Ok(table)
}
