//! Paths outside of where the tool runs, as a person typed them: a file there has one name, whichever way leads to it.
//! Uses `path`.

use std::path::{Path, PathBuf};

use super::path::{join, split_below};

/// What a person typed, and what that is: absolute and clean.
#[derive(Debug, Clone, Default)]
pub struct TypedPaths(Vec<TypedPath>);

#[derive(Debug, Clone)]
struct TypedPath {
    whole: String,
    typed: PathBuf,
}

impl TypedPaths {
    /// Of the paths that lead out of the directory that the tool runs in.
    pub fn of<'p>(paths: impl Iterator<Item = &'p Path>, directory: &Path) -> Self {
        let here = directory.display().to_string();
        let whole = |path: &Path| join(&here, &path.display().to_string());
        let outside: Vec<&Path> = paths.filter(|path| split_below(&whole(path), &here).is_none()).collect();
        // What is beside a file is told as the file is.
        let beside = outside.iter().filter(|path| path.file_name().is_some()).filter_map(|path| path.parent());
        let beside = beside.filter(|path| !path.as_os_str().is_empty());
        let all = outside.iter().copied().chain(beside);
        Self(all.map(|path| TypedPath { whole: whole(path), typed: path.to_owned() }).collect())
    }

    /// A path as a person would write it: below the directory that the tool runs in, or below what they typed.
    pub fn name(&self, path: &Path, directory: &Path) -> PathBuf {
        let below = path.strip_prefix(directory).unwrap_or(path);
        if below.is_relative() && !below.starts_with("..") {
            return below.to_owned();
        }
        let here = directory.display().to_string();
        let whole = join(&here, &path.display().to_string());
        if let Some(rest) = split_below(&whole, &here).filter(|rest| !rest.is_empty()) {
            return PathBuf::from(rest);
        }
        let known = self.0.iter().find_map(|one| Some((one, split_below(&whole, &one.whole)?)));
        match known {
            Some((one, "")) => one.typed.clone(),
            Some((one, rest)) => one.typed.join(rest),
            None => below.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(typed: &[&str], path: &str) -> String {
        let here = Path::new("/work/here");
        let typed = TypedPaths::of(typed.iter().map(|path| Path::new(*path)), here);
        typed.name(&here.join(path), here).display().to_string()
    }

    #[test]
    fn file_outside_has_one_name_whichever_way_leads_to_it() {
        for path in ["../a/x.sh", "/work/a/x.sh", "/work/a/b/../x.sh"] {
            assert_eq!(named(&["../a"], path), "../a/x.sh");
            assert_eq!(named(&["../a/y.sh"], path), "../a/x.sh");
            assert_eq!(named(&["/work/a", "../a"], path), "/work/a/x.sh");
        }
        assert_eq!(named(&["../a/b/../x.sh"], "/work/a/x.sh"), "../a/b/../x.sh");
        assert_eq!(named(&["../a"], "/work/a"), "../a");
        assert_eq!(named(&[".."], "/work/b/x"), "../b/x");
    }

    #[test]
    fn others_are_named_from_where_the_tool_runs_or_from_the_root() {
        assert_eq!(named(&["../a"], "/work/ab/x"), "../ab/x", "what is beside a directory too");
        assert_eq!(named(&["/srv/a"], "/etc/x"), "/etc/x");
        assert_eq!(named(&["../../.."], "/etc/x"), "../../../etc/x");
        for typed in [&["../a"][..], &["a", "."], &[".."], &[]] {
            assert_eq!(named(typed, "../here/x"), "x");
            assert_eq!(named(typed, "a/../x"), "a/../x");
            assert_eq!(named(typed, "/work/here/a/x"), "a/x");
        }
        assert_eq!(named(&[], "../a/x"), "../a/x");
    }
}
