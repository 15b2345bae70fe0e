//! Paths as text, absolute and slash-separated, of a host or of a container: never touched on disk here.
//! Uses nothing else of this crate.

/// The path without `.`, `..`, doubled and trailing slashes, as the engine cleans mount sources and targets
/// (Go's `path.Clean`). A relative path stays relative. What a variable stands for, `${…}`, may be any number of directories:
/// a `..` behind it stays.
pub fn clean(path: &str) -> String {
    cleaned(path.starts_with('/'), Components::of(path), path.len())
}

/// The components of a path. All that is written in `${…}` is part of one.
struct Components<'a>(Option<&'a str>);

impl<'a> Components<'a> {
    fn of(path: &'a str) -> Self {
        Self(Some(path))
    }
}

impl<'a> Iterator for Components<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.0?;
        let mut depth = 0_usize;
        let mut before = 0;
        let end = rest.bytes().position(|byte| {
            match byte {
                b'{' if before == b'$' || depth > 0 => depth += 1,
                b'}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            before = byte;
            byte == b'/' && depth == 0
        });
        let parts = end.and_then(|end| Some((rest.get(..end)?, rest.get(end + 1..)?)));
        let (part, rest) = parts.map_or((rest, None), |(part, rest)| (part, Some(rest)));
        self.0 = rest;
        Some(part)
    }
}

/// The parts of a path joined, cleaned. It is made often, in one text of this many bytes at most.
fn cleaned<'a>(rooted: bool, parts: impl Iterator<Item = &'a str>, length: usize) -> String {
    let mut path = String::with_capacity(length + 1);
    if rooted {
        path.push('/');
    }
    let mut start = path.len();
    let mut hangs_on_variable = false;
    for part in parts {
        let above = path.get(start..).unwrap_or_default();
        match part {
            "" | "." => {}
            ".." if !above.is_empty() && above != ".." && !above.ends_with("/..") => {
                let left = above.rfind('/').unwrap_or_default();
                path.truncate(start + left);
            }
            ".." if rooted && !hangs_on_variable => {}
            part => {
                if !above.is_empty() || hangs_on_variable {
                    path.push('/');
                }
                path.push_str(part);
                if part.contains("${") {
                    (start, hangs_on_variable) = (path.len(), true);
                }
            }
        }
    }
    if path.is_empty() {
        path.push('.');
    }
    path
}

/// Whether a path is absolute and clean, as the kernel gives it.
pub fn is_whole(path: &str) -> bool {
    let named = |part: &str| !matches!(part, "" | "." | "..");
    path.strip_prefix('/').is_some_and(|rest| (rest.is_empty() || rest.split('/').all(named)) && !path.contains('\0'))
}

/// `path` below `base`, cleaned; `path` itself where it is absolute.
pub fn join(base: &str, path: &str) -> String {
    if path.starts_with('/') {
        return clean(path);
    }
    let rooted = base.is_empty() || base.starts_with('/');
    cleaned(rooted, Components::of(base).chain(Components::of(path)), base.len() + path.len() + 1)
}

/// `path` as it is named from the directory `base`; both are clean and absolute.
pub fn relative(base: &str, path: &str) -> String {
    let parts = |path| str::split(path, '/').filter(|part| !part.is_empty());
    let shared = parts(base).zip(parts(path)).take_while(|(one, two)| one == two).count();
    let up = parts(base).skip(shared).map(|_| "..");
    let steps: Vec<&str> = up.chain(parts(path).skip(shared)).collect();
    if steps.is_empty() { ".".to_owned() } else { steps.join("/") }
}

/// The rest of `path` below `base` without a leading slash (empty where they are equal), or `None` where `path` is
/// not below it. Both are clean and absolute.
pub fn split_below<'a>(path: &'a str, base: &str) -> Option<&'a str> {
    if base == "/" {
        return path.strip_prefix('/');
    }
    let rest = path.strip_prefix(base)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
}

/// The parent directory and the last component of a clean absolute path; `None` for the root.
pub fn parent_and_name(path: &str) -> Option<(&str, &str)> {
    let (parent, name) = path.rsplit_once('/')?;
    if name.is_empty() {
        return None;
    }
    Some((if parent.is_empty() { "/" } else { parent }, name))
}

/// A path and every directory above it, from itself up to the root.
pub fn upward(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| parent_and_name(path).map(|(parent, _)| parent))
}

/// The server of an export, and the path there: what one name of it says, whatever part of it is mounted. `None` where a
/// source names none.
pub fn export_of(device: &str) -> Option<(&str, &str)> {
    if let Some(share) = device.strip_prefix("//") {
        let at = share.find('/').unwrap_or(share.len());
        let (server, path) = share.split_at(at);
        return (!server.is_empty()).then_some((server, if path.is_empty() { "/" } else { path }));
    }
    let at = device.find(":/")?;
    let (server, path) = (device.get(..at)?, device.get(at + 1..)?);
    // A URL is no server with a path.
    (!server.is_empty() && !server.contains('/') && !path.starts_with("//")).then_some((server, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_export_names_its_server() {
        assert_eq!(export_of("nas:/e/x"), Some(("nas", "/e/x")));
        assert_eq!(export_of("fe80::1:/e"), Some(("fe80::1", "/e")));
        assert_eq!(export_of("//nas"), Some(("nas", "/")));
        for none in ["/dev/sdb", "s3fs", "https://x/y", ":/e", "host:dir", "mfs#host:9421"] {
            assert_eq!(export_of(none), None, "{none}");
        }
    }

    #[test]
    fn spellings_of_one_path_are_one() {
        for spelling in ["/a/b", "/a//b/", "/a/./b", "/a/c/../b", "/../a/b"] {
            assert_eq!(clean(spelling), "/a/b");
        }
        assert_eq!(clean("/"), "/");
        assert_eq!(clean("./x/.."), ".");
        assert_eq!(clean("../x"), "../x");
        assert_eq!(clean("../../x/../.."), "../../..");
        assert_eq!(clean("a/..x/../.."), ".");
        assert_eq!((clean(""), clean("a/.."), clean("/..")), (".".into(), ".".into(), "/".into()));
    }

    #[test]
    fn what_a_variable_stands_for_is_not_taken_away() {
        for (path, cleaned) in [
            ("${A}/../b", "${A}/../b"),
            ("/${A}/../../b/../c", "/${A}/../../c"),
            ("${A}/b/../c/.", "${A}/c"),
            ("/a/../${A}-b/c/../..", "/${A}-b/.."),
            ("${$(jq '.a // \"b\"' ../c)}/../d", "${$(jq '.a // \"b\"' ../c)}/../d"),
            ("/a/${A:-{/../}/../b}/../c", "/a/${A:-{/../}/../b}/../c"),
            ("a{b/../c}", "c}"),
            ("${A/../b", "${A/../b"),
        ] {
            assert_eq!(clean(path), cleaned, "{path}");
        }
        assert_eq!(join("${A}/..", "../b"), "${A}/../../b");
        assert_eq!(join("/a", "${A}/../b"), "/a/${A}/../b");
    }

    #[test]
    fn what_is_joined_is_clean() {
        for (base, path, joined) in [
            ("/a", "b", "/a/b"),
            ("/a/", "./b/", "/a/b"),
            ("/a", "../../b", "/b"),
            ("/a", "/b/../c", "/c"),
            ("", "b", "/b"),
            ("a", "../../b", "../b"),
            (".", "", "."),
        ] {
            assert_eq!(join(base, path), joined, "{base} {path}");
        }
    }

    #[test]
    fn below_is_by_component() {
        assert_eq!(split_below("/a/bc", "/a/b"), None);
        assert_eq!(split_below("/a/b/c", "/a/b"), Some("c"));
        assert_eq!(split_below("/a", "/a"), Some(""));
        assert_eq!(split_below("/a", "/"), Some("a"));
    }

    #[test]
    fn the_root_has_no_parent() {
        assert_eq!(parent_and_name("/"), None);
        assert_eq!(parent_and_name("/a"), Some(("/", "a")));
        assert_eq!(parent_and_name("/a/b"), Some(("/a", "b")));
    }
}
