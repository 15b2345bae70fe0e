//! What a container is called by the cgroups of its processes, where no engine was asked. Pure; uses nothing else of this
//! crate.

/// The length of an engine's id, in hexadecimal digits.
const ID: usize = 64;
/// How much of an id is shown, as engines do.
const SHOWN: usize = 12;

/// What looks like an engine's id in a process's cgroups.
pub(super) fn ids_in(cgroup: &str) -> impl Iterator<Item = &str> {
    cgroup.split(|c: char| !c.is_ascii_hexdigit()).filter(|run| run.len() == ID)
}

/// Whether a text is such an id.
pub(super) fn is_id(text: &str) -> bool {
    ids_in(text).next() == Some(text)
}

/// What a container's cgroups say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CgroupName {
    /// An id that its engine gave it, or else the whole path of its cgroup; empty where it is in the root's.
    pub(super) id: String,
    /// What people call it; `None` where nothing does.
    pub(super) name: Option<String>,
    /// Whether that is a unit of the host's own systemd and not a container of an engine.
    pub(super) is_unit: bool,
}

/// Reads a `cgroup` file (cgroups(7)): one path for each hierarchy, of which the deepest tells most.
pub(super) fn cgroup_name(cgroup: &str) -> CgroupName {
    let paths = cgroup.lines().filter_map(|line| line.splitn(3, ':').nth(2));
    let depth = |path: &&str| path.split('/').filter(|part| !part.is_empty()).count();
    // Of equally deep ones the first, so that it is the same one each time.
    let path = paths.rev().max_by_key(depth).unwrap_or("/");
    let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | "..")).collect();
    let nothing = || CgroupName { id: String::new(), name: None, is_unit: false };
    if let Some(id) = ids_in(path).last() {
        return CgroupName { id: id.to_owned(), name: Some(name_with_id(&parts, id)), is_unit: false };
    }
    let named = |name: String, is_unit| CgroupName { id: path.to_owned(), name: Some(name), is_unit };
    let find = |named: &dyn Fn(&str) -> Option<String>| parts.iter().rev().find_map(|part| named(part));
    let machine = |part: &str| {
        let payload = part.strip_prefix("lxc.payload.").or_else(|| part.strip_prefix("lxc.payload/"));
        let scope = || part.strip_prefix("machine-")?.strip_suffix(".scope");
        let nspawn = || part.strip_prefix("systemd-nspawn@")?.strip_suffix(".service");
        payload.or_else(scope).or_else(nspawn).map(unescaped)
    };
    if let Some(name) = find(&machine) {
        return named(name, false);
    }
    if let [.., "lxc", name] | ["lxc", name, ..] = parts.as_slice() {
        return named((*name).to_owned(), false);
    }
    let unit = |part: &str| [".service", ".scope"].iter().any(|kind| part.ends_with(kind)).then(|| unescaped(part));
    if let Some(unit) = find(&unit) {
        return named(unit, true);
    }
    match parts.last() {
        Some(last) => named((*last).to_owned(), false),
        None => nothing(),
    }
}

/// The pod, where it is of one, and the beginning of the id, with what the engine writes before it.
fn name_with_id(parts: &[&str], id: &str) -> String {
    let short = id.get(..SHOWN).unwrap_or(id);
    let pod = parts.iter().rev().find_map(|part| {
        let part = part.strip_suffix(".slice").unwrap_or(part);
        let uid = part.rsplit_once("-pod").map(|(_, uid)| uid).or_else(|| part.strip_prefix("pod"))?;
        uid.starts_with(|first: char| first.is_ascii_hexdigit()).then(|| uid.replace('_', "-"))
    });
    if let Some(pod) = pod {
        return format!("pod {pod}, container {short}");
    }
    let holding = parts.iter().rposition(|part| part.contains(id));
    let before = holding.and_then(|at| parts.get(at)?.split(id).next()).unwrap_or_default();
    let before = before.trim_end_matches(['-', '.', ':', '_']);
    let above = || holding.and_then(|at| at.checked_sub(1)).and_then(|at| parts.get(at));
    match (before, above()) {
        ("", Some(above)) if !above.contains(|c: char| !c.is_ascii_alphanumeric()) => format!("{above} {short}"),
        ("", _) => short.to_owned(),
        (before, _) => format!("{before} {short}"),
    }
}

/// A unit's name as people write it (systemd.unit(5), "string escaping for inclusion in unit names").
fn unescaped(unit: &str) -> String {
    let mut parts = unit.split("\\x");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let byte = part.get(..2).and_then(|code| u8::from_str_radix(code, 16).ok()).filter(u8::is_ascii_graphic);
        match byte {
            Some(byte) => {
                plain.push(char::from(byte));
                plain.push_str(part.get(2..).unwrap_or_default());
            }
            None => {
                plain.push_str("\\x");
                plain.push_str(part);
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_wherever_an_engine_writes_them() {
        let id = "5".repeat(64);
        for line in [
            format!("0::/docker/{id}"),
            format!("0::/system.slice/docker-{id}.scope"),
            format!("4:memory:/machine.slice/libpod-{id}.scope/container"),
            format!("0::/../{id}\n"),
        ] {
            assert_eq!(ids_in(&line).collect::<Vec<_>>(), [id.as_str()], "{line}");
        }
        assert_eq!(ids_in(&"5".repeat(65)).next(), None);
    }

    #[test]
    fn containers_are_called_as_their_cgroups_are() {
        let id = "0123456789ab".to_owned() + &"c".repeat(52);
        for (lines, name, is_unit) in [
            (format!("0::/docker/{id}"), "docker 0123456789ab", false),
            (format!("5:pids:/\n4:memory:/docker/{id}\n0::/"), "docker 0123456789ab", false),
            (format!("0::/machine.slice/libpod-{id}.scope/container"), "libpod 0123456789ab", false),
            (
                format!("0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{id}.scope"),
                "libpod 0123456789ab",
                false,
            ),
            (
                format!(
                    "0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1f00_22.slice/cri-containerd-{id}.scope"
                ),
                "pod 1f00-22, container 0123456789ab",
                false,
            ),
            (format!("0::/kubepods/besteffort/pod1f00-22/{id}"), "pod 1f00-22, container 0123456789ab", false),
            (format!("0::/kubepods.slice/crio-{id}.scope"), "crio 0123456789ab", false),
            ("0::/default/claude-batch".to_owned(), "claude-batch", false),
            ("0::/lxc.payload.web/init.scope".to_owned(), "web", false),
            ("0::/lxc/web".to_owned(), "web", false),
            (r"0::/machine.slice/machine-my\x2dhost.scope/payload".to_owned(), "my-host", false),
            ("0::/machine.slice/systemd-nspawn@web.service/payload".to_owned(), "web", false),
            ("0::/system.slice/claude-batch.service".to_owned(), "claude-batch.service", true),
            ("0::/user.slice/user-0.slice/session-3.scope".to_owned(), "session-3.scope", true),
        ] {
            let named = cgroup_name(&lines);
            assert_eq!((named.name.as_deref(), named.is_unit), (Some(name), is_unit), "{lines}");
        }
        assert_eq!(cgroup_name("0::/\n"), CgroupName { id: String::new(), name: None, is_unit: false });
        assert_eq!(cgroup_name("").name, None);
        assert_eq!(unescaped(r"a\x2db\xZZ\x"), r"a-b\xZZ\x");
    }
}
