//! A mount table as text (proc_pid_mountinfo(5)) to values: nothing is read here. Uses `model` and procfs alone.

use std::borrow::Cow;
use std::collections::HashMap;

use procfs::process::MountInfo;

use super::text::{lines, shown};
use crate::model::{KernelMount, is_whole};

/// A mount table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    /// The mounts, in the kernel's order.
    pub mounts: Vec<KernelMount>,
    /// The numbers, from 1, of lines that are not UTF-8, which are kept with each odd byte as `\xNN`, and of lines
    /// that say no mount, which are left out.
    pub odd: Vec<usize>,
}

/// The table in `bytes`. No line costs another one its place.
pub fn parse(bytes: &[u8]) -> Table {
    let mut table = Table::default();
    for (number, line) in lines(bytes) {
        let text = shown(line);
        // The kernel writes whole paths: a line with anything else was torn.
        let mount = MountInfo::from_line(&text).ok().map(kernel_mount).filter(|mount| is_whole(&mount.mount_point));
        if mount.is_none() || matches!(text, Cow::Owned(_)) {
            table.odd.push(number);
        }
        table.mounts.extend(mount);
    }
    table
}

fn kernel_mount(info: MountInfo) -> KernelMount {
    KernelMount {
        id: info.mnt_id,
        parent: info.pid,
        device: info.majmin,
        root: unescape(info.root),
        // It was text and cannot have ceased to be.
        mount_point: unescape(info.mount_point.to_string_lossy().into_owned()),
        fstype: unescape(info.fs_type),
        // procfs takes this word for "no source".
        source: info.mount_source.map_or_else(|| "none".to_owned(), unescape),
        options: sorted(info.mount_options),
        super_options: sorted(info.super_options),
    }
}

fn sorted(options: HashMap<String, Option<String>>) -> Vec<String> {
    let joined = |(mut name, value): (String, Option<String>)| {
        if let Some(value) = value {
            name.reserve_exact(value.len() + 1);
            name.push('=');
            name.push_str(&value);
        }
        name
    };
    let mut options: Vec<String> = options.into_iter().map(joined).collect();
    options.sort_unstable();
    options
}

/// What the kernel escapes in a name (`mangle` and `seq_path` in its `fs/`), and procfs leaves as it is.
const ESCAPES: [(&str, char); 5] = [("040", ' '), ("011", '\t'), ("012", '\n'), ("134", '\\'), ("043", '#')];

fn unescape(text: String) -> String {
    if !text.contains('\\') {
        return text;
    }
    let mut parts = text.split('\\');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let escape = ESCAPES.iter().find_map(|(code, sign)| Some((part.strip_prefix(code)?, *sign)));
        let (rest, sign) = escape.unwrap_or((part, '\\'));
        plain.push(sign);
        plain.push_str(rest);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue";

    #[test]
    fn the_manuals_own_line_is_read() {
        let table = parse(PLAIN.as_bytes());
        let mount = KernelMount {
            id: 36,
            parent: 35,
            device: "98:0".into(),
            root: "/mnt1".into(),
            mount_point: "/mnt2".into(),
            fstype: "ext3".into(),
            source: "/dev/root".into(),
            options: vec!["noatime".into(), "rw".into()],
            super_options: vec!["errors=continue".into(), "rw".into()],
        };
        assert_eq!(table, Table { mounts: vec![mount], odd: vec![] });
    }

    #[test]
    fn escapes_are_decoded_and_nothing_else_is() {
        let line = r"1 2 0:1 /a\040b\134040c /t\011n\012x\y\08 ro - fuse.a\043b \043src\040 rw,x=\054";
        let mount = parse(line.as_bytes()).mounts.remove(0);
        assert_eq!(mount.root, r"/a b\040c");
        assert_eq!(mount.mount_point, "/t\tn\nx\\y\\08");
        assert_eq!(mount.fstype, "fuse.a#b");
        assert_eq!(mount.source, "#src ");
        assert_eq!(mount.super_options, ["rw", r"x=\054"]);
    }

    #[test]
    fn one_odd_line_costs_no_other() {
        let mut bytes = PLAIN.as_bytes().to_vec();
        bytes.extend(b"\n37 35 0:5 / /bad\xff\xfename rw - tmpfs none rw\nno mount at all\n\n");
        bytes.extend(PLAIN.replace("/mnt2", "mnt2").as_bytes());
        bytes.push(b'\n');
        bytes.extend(PLAIN.as_bytes());
        let table = parse(&bytes);
        let points: Vec<&str> = table.mounts.iter().map(|mount| mount.mount_point.as_str()).collect();
        assert_eq!(points, ["/mnt2", r"/bad\xff\xfename", "/mnt2"]);
        assert_eq!(table.odd, [2, 3, 4, 5]);
        assert_eq!(table.mounts[1].source, "none");
    }

    #[test]
    fn this_machines_own_table_is_read_whole() {
        let bytes = std::fs::read("/proc/self/mountinfo").unwrap();
        let table = parse(&bytes);
        assert_eq!(table.odd, Vec::<usize>::new());
        assert_eq!(table.mounts.len(), String::from_utf8_lossy(&bytes).lines().count());
    }
}
