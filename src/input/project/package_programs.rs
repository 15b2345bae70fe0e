//! The programs that packages of a repository bring: `bin` of a package.json, scripts that a package of Python declares. Uses
//! `repository` and `package_manifest`.

use std::path::{Path, PathBuf};

use super::repository::Repository;
use crate::input::package_manifest::PackageManifest;
use crate::input::shell::file_system::{Lookup, PackageProgram, find_word};
use crate::model::join;
use crate::text::FileId;

/// Files that declare programs of a package of Python.
const PYTHON_LISTS: [&str; 3] = ["pyproject.toml", "setup.cfg", "setup.py"];

/// The program of a name among the packages of some files.
pub(super) fn find_program(name: &str, files: &[PathBuf], repository: &Repository<'_>) -> Option<PackageProgram> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if name.is_empty() || !name.bytes().all(is_plain) {
        return None;
    }
    files.iter().find_map(|path| {
        let list = path.file_name()?.to_str()?;
        match list {
            "package.json" => program_of_manifest(name, path, repository),
            list if PYTHON_LISTS.contains(&list) => program_of_python(name, path, files, repository),
            _ => None,
        }
    })
}

fn program_of_manifest(name: &str, path: &Path, repository: &Repository<'_>) -> Option<PackageProgram> {
    let manifest = PackageManifest::parse(repository.sources.get(text_at(path, repository)?).text())?;
    let directory = path.parent()?.display().to_string();
    let file = join(&directory, &format!("./{}", manifest.program(name)?));
    let interpreter = [".js", ".mjs", ".cjs"].iter().any(|ending| file.ends_with(ending)).then_some("node");
    let file = text_at(Path::new(&file), repository)?;
    Some(PackageProgram { file, interpreter })
}

/// `NAME = "package.module:function"`, in whatever list it stands.
fn program_of_python(
    name: &str,
    path: &Path,
    files: &[PathBuf],
    repository: &Repository<'_>,
) -> Option<PackageProgram> {
    let source = repository.sources.get(text_at(path, repository)?);
    let module = source.text().lines().find_map(|line| module_of(name, line))?;
    let below = module.replace('.', "/");
    let ends = [format!("{below}.py"), format!("{below}/__init__.py")];
    let file = files.iter().find(|path| ends.iter().any(|end| path.ends_with(end)))?;
    Some(PackageProgram { file: text_at(file, repository)?, interpreter: Some("python") })
}

/// The module that a line says the program of a name is a function of.
fn module_of<'t>(name: &str, line: &'t str) -> Option<&'t str> {
    let after = line.get(find_word(line, name)? + name.len()..)?;
    let value = after.trim_start_matches(['"', '\'', ' ']).strip_prefix('=')?.trim_start_matches(['"', '\'', ' ']);
    let (module, function) = value.split_once(':')?;
    if !function.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
        return None;
    }
    let is_module = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.');
    (!module.is_empty() && module.bytes().all(is_module)).then_some(module)
}

fn text_at(path: &Path, repository: &Repository<'_>) -> Option<FileId> {
    match repository.open_copied(path) {
        Lookup::Text(file) => Some(file),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn module_of_a_declared_program() {
        for line in [
            "agent = \"work.main:run\"",
            "    'agent=work.main:run',",
            "agent = work.main:run",
            "\"agent\" = 'work.main:run'",
        ] {
            assert_eq!(module_of("agent", line), Some("work.main"), "{line}");
        }
        for line in
            ["agents = \"work.main:run\"", "agent", "agent = 1", "# agent: work.main:run", "agent = \"https://x:1\""]
        {
            assert_eq!(module_of("agent", line), None, "{line}");
        }
    }
}
