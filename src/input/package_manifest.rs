//! What a `package.json` says: the scripts that npm and its kin run by name, and the packages that it asks for. Uses `text`
//! alone.

use std::rc::Rc;

use crate::text::json::{self, JsonError, traced_string};
use crate::text::yaml::{Entry, Node};
use crate::text::{FileId, SourceFile, Span, TracedText};

/// The lists of packages.
const PACKAGES: [&str; 4] = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];

/// A `package.json`.
#[derive(Debug)]
pub(super) struct PackageManifest {
    root: Rc<Node>,
}

/// A script of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct PackageScript<'m> {
    pub(super) name: &'m str,
    pub(super) command: &'m str,
    span: Span,
}

impl PackageManifest {
    /// Reads the text of a file.
    pub(super) fn read(file: FileId, text: &str) -> Result<Self, JsonError> {
        let root = json::parse(file, text)?;
        let wrong = |what: &str, span: Span| {
            let span = Span::at(span.file, span.start);
            Err(JsonError { message: format!("{what} of a package.json is an object"), span })
        };
        if root.as_map().is_none() {
            return wrong("all", root.span);
        }
        let lists = PACKAGES.iter().chain(&["scripts"]).filter_map(|key| Some((*key, root.get(key)?)));
        for (key, node) in lists {
            if node.as_map().is_none() {
                return wrong(&format!("`{key}`"), node.span);
            }
        }
        Ok(Self { root })
    }

    /// Reads a text whose place does not matter; `None` where it is no such file.
    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::read(FileId::default(), text).ok()
    }

    /// Its scripts, in their order.
    pub(super) fn scripts(&self) -> impl Iterator<Item = PackageScript<'_>> {
        let entries = self.root.get("scripts").and_then(|scripts| scripts.as_map()).unwrap_or_default();
        entries.iter().filter_map(|Entry { key, value, .. }| {
            let scalar = value.as_scalar().filter(|scalar| scalar.quoted)?;
            Some(PackageScript { name: key, command: &scalar.text, span: value.span })
        })
    }

    /// A script.
    pub(super) fn script(&self, name: &str) -> Option<PackageScript<'_>> {
        self.scripts().find(|script| script.name == name)
    }

    /// The file of a program that it brings, below its directory: of its own name where it has one without another.
    pub(super) fn program(&self, name: &str) -> Option<&str> {
        let programs = self.root.get("bin")?;
        if let Some(only) = programs.as_scalar() {
            let own = self.root.get("name")?.as_scalar()?.text.as_str();
            let own = own.rsplit('/').next().unwrap_or(own);
            return (own == name).then_some(only.text.as_str());
        }
        Some(programs.get(name)?.as_scalar()?.text.as_str())
    }

    /// What `npm run NAME` runs: the script, with those that are named after it.
    pub(super) fn run(&self, name: &str) -> impl Iterator<Item = PackageScript<'_>> {
        let names = [format!("pre{name}"), name.to_owned(), format!("post{name}")];
        names.into_iter().filter_map(|name| self.script(&name))
    }

    /// The names of the packages that it asks for, in whatever list.
    pub(super) fn packages(&self) -> impl Iterator<Item = &str> {
        let lists = PACKAGES.iter().filter_map(|key| self.root.get(key)?.as_map());
        lists.flatten().map(|entry| entry.key.as_str())
    }

    /// The packages that it asks for with what it asks of their versions, perhaps without those for development.
    pub(super) fn requirements(&self, skips_dev: bool) -> impl Iterator<Item = (&str, &str)> {
        let lists = PACKAGES.iter().filter(move |key| !skips_dev || **key != "devDependencies");
        let entries = lists.filter_map(|key| self.root.get(key)?.as_map()).flatten();
        entries.filter_map(|entry| Some((entry.key.as_str(), entry.value.as_scalar()?.text.as_str())))
    }

    /// Its own name.
    pub(super) fn name(&self) -> Option<&str> {
        Some(self.root.get("name")?.as_scalar()?.text.as_str())
    }

    /// The patterns of the directories that have manifests of their own.
    pub(super) fn workspaces(&self) -> impl Iterator<Item = &str> {
        let named = self.root.get("workspaces");
        let listed = named.and_then(|named| named.get("packages").or(Some(named)));
        let patterns = listed.and_then(|listed| listed.as_seq()).unwrap_or_default();
        patterns.iter().filter_map(|pattern| Some(pattern.as_scalar()?.text.as_str()))
    }

    /// Whether other directories have manifests of their own that are installed with it.
    pub(super) fn has_workspaces(&self) -> bool {
        self.root.get("workspaces").is_some()
    }
}

impl PackageScript<'_> {
    /// Its command, each character with its place in the file that it is read from.
    pub(super) fn traced(&self, source: &SourceFile) -> TracedText {
        let mut span = self.span;
        span.start.column += 1;
        span.end.column = span.end.column.saturating_sub(1);
        match source.offset(span.start) {
            Some(from) => traced_string(source.slice(span), span.file, from),
            None => TracedText::plain(self.command),
        }
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
        let commands: Vec<&str> = manifest.scripts().map(|script| script.command).collect();
        assert_eq!(commands, ["node a.js"]);
        assert!(manifest.script("start").is_some() && manifest.script("odd").is_none());
        assert_eq!(manifest.packages().collect::<Vec<_>>(), ["x"]);
        for text in ["{", "[]", "", r#"{"scripts": []}"#, r#"{"dependencies": "x"}"#] {
            assert!(PackageManifest::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn programs_have_the_name_of_the_package_or_their_own() {
        let program = |text, name| PackageManifest::parse(text).unwrap().program(name).map(str::to_owned);
        assert_eq!(program(r#"{"name": "@a/agent", "bin": "./x.js"}"#, "agent").as_deref(), Some("./x.js"));
        assert_eq!(program(r#"{"name": "b", "bin": {"agent": "x.js"}}"#, "agent").as_deref(), Some("x.js"));
        assert_eq!(program(r#"{"name": "b", "bin": "x.js"}"#, "agent"), None);
        assert_eq!(program(r#"{"name": "agent"}"#, "agent"), None);
    }

    #[test]
    fn scripts_before_and_after_one_run_with_it() {
        let text = r#"{"scripts": {"posta": "3", "prea": "1", "a": "2", "b": "4"}}"#;
        let manifest = PackageManifest::parse(text).unwrap();
        assert_eq!(manifest.run("a").map(|script| script.command).collect::<Vec<_>>(), ["1", "2", "3"]);
    }
}
