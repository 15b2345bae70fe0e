//! The packages in the text of a list, as words that an installer could be given. Uses `package_manifest`.

use super::package_lists::ListKind;
use crate::input::package_manifest::PackageManifest;

/// Lines of a list that are read.
const MOST_LINES: usize = 2_000;

/// What a list asks for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ListedPackages {
    /// The packages, each with its version where it has one.
    pub(super) words: Vec<String>,
    /// Further lists, as seen from its directory, and whether it cannot do without them.
    pub(super) lists: Vec<(ListKind, String, bool)>,
    /// Whether it stands for those of other directories too, which patterns name.
    pub(super) has_workspaces: bool,
}

/// What a list in a file of this name asks for; `None` where it is none.
pub(super) fn read_list(kind: ListKind, name: &str, text: &str) -> Option<ListedPackages> {
    let words = |words| Some(ListedPackages { words, ..ListedPackages::default() });
    match kind {
        ListKind::Requirements => Some(read_requirements(text)),
        ListKind::Project if name == "setup.cfg" => Some(read_requirements(text)),
        ListKind::Project | ListKind::Pipfile => words(packages_of_project(text)),
        ListKind::Script => words(packages_of_project(&list_of_script(text))),
        ListKind::Manifest { skips_dev } => read_manifest(text, skips_dev),
    }
}

fn read_requirements(text: &str) -> ListedPackages {
    let mut listed = ListedPackages::default();
    for line in text.lines().take(MOST_LINES) {
        // An item of a Conda environment, or the first line of a value of `setup.cfg`.
        let line = line.split(" #").next().unwrap_or_default().trim();
        let line = line.strip_prefix("- ").unwrap_or(line).trim_matches(['"', '\'', ' ']);
        let line = line.strip_prefix("install_requires").map_or(line, |rest| rest.trim_start_matches([' ', '=']));
        match line.split_once(char::is_whitespace) {
            Some(("-r" | "--requirement", list)) => {
                listed.lists.push((ListKind::Requirements, list.trim().to_owned(), true));
            }
            Some(("-c" | "--constraint", list)) => {
                listed.lists.push((ListKind::Requirements, list.trim().to_owned(), false));
            }
            Some(("-e" | "--editable", directory)) if !directory.contains("://") => {
                let directory = directory.trim().split('[').next().unwrap_or(".").trim_end_matches('/');
                listed.lists.push((ListKind::Project, format!("{directory}/pyproject.toml"), false));
            }
            _ if line.is_empty() || line.starts_with(['#', '-']) => {}
            // A space may stand before what is asked of the version.
            _ => listed.words.push(line.split(" \\").next().unwrap_or(line).replace(' ', "")),
        }
    }
    listed
}

fn read_manifest(text: &str, skips_dev: bool) -> Option<ListedPackages> {
    let manifest = PackageManifest::parse(text)?;
    let mut listed = ListedPackages { has_workspaces: manifest.has_workspaces(), ..ListedPackages::default() };
    for (name, version) in manifest.requirements(skips_dev) {
        let directory = ["file:", "link:", "portal:"].iter().find_map(|start| version.strip_prefix(start));
        if let Some(directory) = directory {
            let path = format!("{}/package.json", directory.trim_end_matches('/'));
            listed.lists.push((ListKind::Manifest { skips_dev: true }, path, false));
        }
        // Another name for a package.
        listed.words.push(version.strip_prefix("npm:").map_or_else(|| format!("{name}@{version}"), str::to_owned));
    }
    Some(listed)
}

/// The list in the first comments of a script (PEP 723).
fn list_of_script(text: &str) -> String {
    let lines = text.lines().skip_while(|line| line.trim_end() != "# /// script").skip(1);
    let own = lines.take_while(|line| line.starts_with('#') && line.trim_end() != "# ///").take(MOST_LINES);
    own.map(|line| line.trim_start_matches('#')).collect::<Vec<_>>().join("\n")
}

/// The packages that a `pyproject.toml` asks for: strings of a list (PEP 621), or keys with a version (Poetry).
fn packages_of_project(text: &str) -> Vec<String> {
    let mut packages = Vec::new();
    for line in text.lines().take(MOST_LINES) {
        let line = line.split(" #").next().unwrap_or_default().trim();
        if let Some((name, value)) = line.split_once('=').filter(|(name, _)| is_name(name.trim().trim_matches('"'))) {
            let name = name.trim().trim_matches('"');
            let version = value.split('"').nth(1).unwrap_or_default();
            // `^1.2` is from there on as far as what it begins with goes.
            let asked = version.trim_start_matches(['^', '~']);
            let exact = asked.len() == version.len() && asked.starts_with(|first: char| first.is_ascii_digit());
            if !value.trim_start().starts_with('[') {
                let operator = if exact {
                    "=="
                } else if asked.len() < version.len() {
                    ">="
                } else {
                    ""
                };
                packages.push(format!("{name}{operator}{}", if asked == "*" { "" } else { asked }));
                continue;
            }
        }
        packages.extend(line.split(['"', '\'']).skip(1).step_by(2).map(|word| word.replace(' ', "")));
    }
    packages
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_of_a_project_are_strings_or_keys() {
        let text = "[project]\ndependencies = [\n  \"claude-agent-sdk >= 0.1.76\", # why\n  'httpx',\n]\n\
                    [tool.poetry.dependencies]\npython = \"^3.11\"\nclaude-agent-sdk = \"^0.2.1\"\nexact = \"1.2.3\"\nany = \"*\"\n";
        let packages = packages_of_project(text);
        for wanted in ["claude-agent-sdk>=0.1.76", "httpx", "claude-agent-sdk>=0.2.1", "exact==1.2.3", "any"] {
            assert!(packages.iter().any(|one| one == wanted), "{wanted} {packages:?}");
        }
    }

    #[test]
    fn each_kind_of_list_names_its_packages() {
        let manifest = ListKind::Manifest { skips_dev: true };
        for (kind, name, text, wanted) in [
            (ListKind::Requirements, "a.txt", "httpx\nsdk == 0.1.73 \\\n  --hash=x\n", "sdk==0.1.73"),
            (ListKind::Requirements, "environment.yml", "dependencies:\n  - pip:\n    - sdk==0.1.73\n", "sdk==0.1.73"),
            (ListKind::Pipfile, "Pipfile", "[packages]\nsdk = \"==0.1.73\"\n", "sdk==0.1.73"),
            (ListKind::Pipfile, "Pipfile", "[packages]\nsdk = {version = \"==0.1.73\"}\n", "sdk==0.1.73"),
            (ListKind::Project, "setup.py", "setup(name=\"x\",install_requires=[\"sdk==0.1.73\"])", "sdk==0.1.73"),
            (ListKind::Project, "setup.cfg", "[options]\ninstall_requires =\n    sdk==0.1.73\n", "sdk==0.1.73"),
            (ListKind::Script, "a.py", "# /// script\n# dependencies = [\"sdk==0.1.73\"]\n# ///\n", "sdk==0.1.73"),
            (manifest, "package.json", r#"{"dependencies": {"sdk": "0.1.0"}}"#, "sdk@0.1.0"),
            (manifest, "package.json", r#"{"dependencies": {"x": "npm:sdk@0.1.0"}}"#, "sdk@0.1.0"),
        ] {
            let listed = read_list(kind, name, text).unwrap();
            assert!(listed.words.iter().any(|word| word == wanted), "{name} {:?}", listed.words);
        }
        let dev = read_list(manifest, "package.json", r#"{"devDependencies": {"sdk": "1"}}"#).unwrap();
        assert!(dev.words.is_empty());
        assert_eq!(read_list(manifest, "package.json", "{"), None);
    }
}
