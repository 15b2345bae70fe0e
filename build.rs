//! Writes the embedded rule files as JSON, which is read many times faster than YAML: no run reads the YAML of the
//! repository. A test holds the two against each other.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=rules");
    let mut files = Vec::new();
    list_yaml_files(Path::new("rules"), &mut files)?;
    files.sort();
    let mut table = String::from("&[\n");
    for file in files {
        let value: serde_json::Value = serde_yaml::from_str(&fs::read_to_string(&file)?)
            .map_err(|error| format!("{}: {error}", file.display()))?;
        let below = file.strip_prefix("rules")?.display().to_string();
        writeln!(table, "    ({below:?}, {:?}),", value.to_string())?;
    }
    table.push(']');
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("rules_as_json.rs"), table)?;
    Ok(())
}

fn list_yaml_files(directory: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            list_yaml_files(&path, files)?;
        } else if path.extension().is_some_and(|ending| ending == "yaml") {
            files.push(path);
        }
    }
    Ok(())
}
