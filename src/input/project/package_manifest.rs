//! What a `package.json` says: the scripts that npm and its kin run by name, and the packages that it asks for. Uses
//! nothing else.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A `package.json`, as far as it matters here; anything else in it may be of any form.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct PackageManifest {
    /// Commands by name.
    pub(super) scripts: BTreeMap<String, serde_json::Value>,
    dependencies: BTreeMap<String, serde_json::Value>,
    dev_dependencies: BTreeMap<String, serde_json::Value>,
    optional_dependencies: BTreeMap<String, serde_json::Value>,
    peer_dependencies: BTreeMap<String, serde_json::Value>,
}

impl PackageManifest {
    /// Reads a text; `None` where it is no such file.
    pub(super) fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// The command of a script.
    pub(super) fn script(&self, name: &str) -> Option<&str> {
        self.scripts.get(name)?.as_str()
    }

    /// The commands of all scripts.
    pub(super) fn commands(&self) -> impl Iterator<Item = &str> {
        self.scripts.values().filter_map(serde_json::Value::as_str)
    }

    /// The names of the packages that it asks for, in whatever list.
    pub(super) fn packages(&self) -> impl Iterator<Item = &str> {
        let lists = [&self.dependencies, &self.dev_dependencies, &self.optional_dependencies, &self.peer_dependencies];
        lists.into_iter().flat_map(|list| list.keys()).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_and_packages_are_read_and_the_rest_may_be_anything() {
        let text =
            r#"{"name": 1, "scripts": {"start": "node a.js", "odd": 2}, "devDependencies": {"x": "1"}, "files": {}}"#;
        let manifest = PackageManifest::parse(text).unwrap();
        assert_eq!((manifest.script("start"), manifest.script("odd")), (Some("node a.js"), None));
        assert_eq!(manifest.commands().collect::<Vec<_>>(), ["node a.js"]);
        assert_eq!(manifest.packages().collect::<Vec<_>>(), ["x"]);
        assert!(PackageManifest::parse("{").is_none());
    }
}
