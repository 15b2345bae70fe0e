//! What the engine's `local` driver mounts for a volume by its options (docker volume create, "Driver-specific options";
//! moby, `volume/local/local_unix.go`). The one decision for a plan, an engine and a capture. Pure. May use `model`.

use crate::model::{KernelMount, MountSource, Value, clean, export_of};

/// The driver, and those of its options that decide what is mounted.
#[derive(Debug, Default)]
pub(super) struct DriverOptions {
    /// The driver; `None` where it is the engine's usual one.
    pub(super) driver: Option<Value>,
    /// `type`.
    pub(super) kind: Option<Value>,
    /// `o`.
    pub(super) mount_options: Option<Value>,
    /// `device`.
    pub(super) device: Option<Value>,
}

/// Whether the driver mounts something for a volume, rather than give it a directory of the engine's own.
pub(super) fn needs_mount(driver: &str, kind: &str, device: &str) -> bool {
    driver == "local" && !(kind.is_empty() && device.is_empty())
}

impl DriverOptions {
    /// What is mounted instead of a directory of the engine's own; `None` where each volume has data of its own. `cleaned`
    /// is the device as a path.
    pub(super) fn source(self, cleaned: impl FnOnce(Value) -> Value) -> Option<MountSource> {
        let device = self.device.as_ref().filter(|device| !device.text.is_empty())?;
        if let Some(open) = self.undecided() {
            return Some(MountSource::Unresolved(beginning_unknown(open)));
        }
        if self.driver.as_ref().is_some_and(|driver| driver.text != "local") {
            return None;
        }
        let options = self.mount_options.as_ref().map_or("", |options| &options.text);
        // mount(2) looks at no type where it binds.
        if options.split(',').any(|option| option == "bind" || option == "rbind") {
            return self.device.map(|device| MountSource::Host(cleaned(device)));
        }
        match self.kind.as_ref().map_or("", |kind| &kind.text) {
            // The kernel mounts nothing by the first two; each mount of the others is a filesystem of its own, and a
            // volume has one for all that mount it.
            "" | "none" | "tmpfs" | "ramfs" => None,
            kind => Some(device_source(kind, device.clone(), options)),
        }
    }

    /// The value with a variable that is not set, where what kind of volume it is depends on that.
    fn undecided(&self) -> Option<&Value> {
        let words = [&self.driver, &self.kind].into_iter().flatten();
        let options = self.mount_options.iter().filter(|options| {
            options.text.split(',').any(|option| option.split('=').next().is_some_and(|name| name.contains("${")))
        });
        words.chain(options).find(|value| value.is_symbolic())
    }
}

/// A value of which nothing is known that stands before its first variable.
fn beginning_unknown(value: &Value) -> Value {
    match value.symbols.first() {
        Some(first) if !value.text.starts_with("${") => {
            Value { text: format!("${{{}}}", first.name), symbols: vec![first.clone()], ..Value::known("", value.span) }
        }
        _ => value.clone(),
    }
}

/// A mount of the kernel's as the options of a volume name the same, and the path below that which it shows.
pub(super) fn kernel_device(mount: &KernelMount) -> (MountSource, Option<String>) {
    let options = mount.super_options.join(",");
    let source = device_source(&mount.fstype, Value::known(mount.source.clone(), None), &options);
    let (root, _) = mount.root();
    let mut below = root.trim_start_matches('/');
    // A share's source has the whole path, and its root the part that is below the share once more.
    if let MountSource::Device { fstype, device, .. } = &source
        && fstype == "cifs"
        && let Some((_, path)) = export_of(&device.text)
        && let Some((_, inside)) = path.trim_start_matches('/').split_once('/')
    {
        let lower = below.to_lowercase();
        let rest = lower.strip_prefix(inside).filter(|rest| rest.is_empty() || rest.starts_with('/'));
        below = rest.and_then(|rest| below.get(below.len() - rest.len()..)).unwrap_or(below).trim_start_matches('/');
    }
    (source, Some(below.to_owned()).filter(|below| !below.is_empty()))
}

/// The same filesystem where its server is known by an address too. `address_of` gives the address of a server by its name.
pub(super) fn with_address(source: MountSource, address_of: impl Fn(&str, &str) -> Option<String>) -> MountSource {
    let MountSource::Device { fstype, device, options } = &source else { return source };
    let address = export_of(&device.text).and_then(|(server, path)| Some((address_of(fstype, server)?, path)));
    let Some((address, path)) = address else { return source };
    let text = if fstype == "cifs" { format!("//{address}{path}") } else { format!("{address}:{path}") };
    let device = Value::known(text, device.span);
    MountSource::Device { fstype: fstype.clone(), device, options: options.clone() }
}

/// The address of a mount's server by the name that its source has, where the kernel shows both.
pub(super) fn server_address<'m>(mount: &'m KernelMount, fstype: &str, name: &str) -> Option<&'m str> {
    if one_type(&mount.fstype) != fstype || !export_of(&mount.source)?.0.eq_ignore_ascii_case(name) {
        return None;
    }
    mount.super_options.iter().find_map(|option| option.strip_prefix("addr="))
}

/// A type in the one form of all its names.
fn one_type(kind: &str) -> &str {
    // The kernel has two names for each of these, and shows the later one for what was mounted by the earlier.
    match kind {
        "nfs4" => "nfs",
        "smb3" => "cifs",
        kind => kind,
    }
}

/// A filesystem in the one form that all spellings of it have.
fn device_source(kind: &str, device: Value, options: &str) -> MountSource {
    let fstype = one_type(kind);
    let mut telling: Vec<String> = options.split(',').filter_map(|option| telling_option(fstype, option)).collect();
    telling.sort_unstable();
    telling.dedup();
    // The server is where its address says, whatever it is called.
    let address = options.split(',').find_map(|option| option.strip_prefix("addr="));
    let address = address.filter(|address| !address.is_empty() && ["nfs", "cifs"].contains(&fstype));
    let text = device_form(fstype, &device.text, address);
    let shown = device.shown.becomes(&text, |form| device_form(fstype, form, address));
    let device = Value { text, shown, ..device };
    MountSource::Device { fstype: fstype.to_owned(), device, options: telling.join(",") }
}

/// An option that tells one filesystem from another, in its one form: `ro` or `vers=4` make no other place of it.
fn telling_option(fstype: &str, option: &str) -> Option<String> {
    let (name, value) = option.split_once('=')?;
    match (fstype, name) {
        (_, "subvol") => Some(format!("subvol={}", clean(&format!("/{value}")))),
        // The usual port, which need not be written.
        ("nfs", "port") if value == "2049" => None,
        ("nfs", "port") | (_, "subvolid" | "upperdir") => Some(option.to_owned()),
        // What has its server in its name is told by that.
        ("nfs" | "cifs" | "ceph" | "fuse.sshfs", _) => None,
        (_, "addr") => Some(option.to_owned()),
        _ => None,
    }
}

/// A device in its one form.
fn device_form(fstype: &str, device: &str, address: Option<&str>) -> String {
    // Who logs in makes no other place of it.
    let device = without_login(device).replace(&format!("//{HIDDEN}@"), "//");
    match (fstype, device.split_once(":/")) {
        ("nfs", Some((server, path))) => {
            let server = address.unwrap_or(server).trim_matches(['[', ']']);
            format!("{}:{}", lower(server), clean(&format!("/{path}")))
        }
        // Windows tells no names apart by their case.
        ("cifs", _) => {
            let path = lower(&clean(&format!("/{}", device.replace('\\', "/"))));
            match (address, path.trim_start_matches('/').split_once('/')) {
                (Some(address), Some((_, path))) => format!("//{}/{path}", lower(address)),
                _ => format!("/{path}"),
            }
        }
        ("ceph", Some((monitors, path))) => {
            let mut monitors: Vec<&str> = monitors.split(',').collect();
            monitors.sort_unstable();
            format!("{}:{}", monitors.join(","), clean(&format!("/{path}")))
        }
        ("fuse.sshfs", Some((server, path))) => {
            let server = server.rsplit_once('@').map_or(server, |(_, server)| server);
            format!("{}:{}", lower(server.trim_matches(['[', ']'])), clean(&format!("/{path}")))
        }
        ("ceph", None) => match device.split_once("=/") {
            Some((name, path)) => {
                let name = name.split_once('@').map_or(name, |(_, name)| name);
                format!("{name}:{}", clean(&format!("/{path}")))
            }
            None => device,
        },
        (_, Some((server, path))) if !server.contains('/') && !path.starts_with('/') => {
            format!("{server}:{}", clean(&format!("/{path}")))
        }
        _ if device.starts_with("//") => format!("/{}", clean(&device)),
        _ if device.starts_with('/') => clean(&device),
        _ => device,
    }
}

/// A server's name in lower case, but for what a variable would make of it.
fn lower(name: &str) -> String {
    if name.contains("${") { name.to_owned() } else { name.to_lowercase() }
}

/// What stands where a secret was.
pub(super) const HIDDEN: &str = "***";

/// A device, without the login of `//user:password@host/share` or `scheme://user:password@host`.
pub(super) fn without_login(device: &str) -> String {
    let Some((before, rest)) = device.split_once("//") else { return device.to_owned() };
    if !(before.is_empty() || before.ends_with(':')) {
        return device.to_owned();
    }
    let end = rest.find('/').unwrap_or(rest.len());
    match rest.get(..end).and_then(|authority| authority.rfind('@')) {
        Some(at) => format!("{before}//{HIDDEN}{}", rest.get(at..).unwrap_or_default()),
        None => device.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(kind: &str, options: &str, device: &str) -> Option<MountSource> {
        let value = |text: &str| Value {
            symbols: text
                .split("${")
                .skip(1)
                .map(|name| crate::model::Symbol { name: name.split('}').next().unwrap().to_owned(), required: false })
                .collect(),
            ..Value::known(text, None)
        };
        let options = DriverOptions {
            driver: None,
            kind: Some(value(kind)),
            mount_options: Some(value(options)),
            device: Some(value(device)),
        };
        options.source(|device| device)
    }

    fn words(source: Option<MountSource>) -> String {
        match source {
            None => "its own".to_owned(),
            Some(MountSource::Host(path)) => format!("bind of {}", path.text),
            Some(MountSource::Device { fstype, device, options }) => format!("{fstype} {} {options}", device.text),
            Some(MountSource::Unresolved(value)) => format!("perhaps {}", value.text),
            Some(other) => format!("{other:?}"),
        }
    }

    #[test]
    fn options_of_a_volume_say_what_is_mounted() {
        for (kind, options, device, wanted) in [
            // A bind in disguise, whatever the type.
            ("none", "bind", "/srv/x", "bind of /srv/x"),
            ("", "bind", "/srv/x", "bind of /srv/x"),
            ("ext4", "bind,ro", "/srv/x", "bind of /srv/x"),
            ("none", "rw,rbind", "/srv/x", "bind of /srv/x"),
            ("tmpfs", "bind", "/srv/x", "bind of /srv/x"),
            ("none", "rprivate", "/srv/x", "its own"),
            ("", "", "/srv/x", "its own"),
            ("none", "nobind", "/srv/x", "its own"),
            // A filesystem for each volume.
            ("tmpfs", "size=1m", "tmpfs", "its own"),
            ("ramfs", "", "ramfs", "its own"),
            ("ext4", "", "", "its own"),
            // A disk.
            ("ext4", "", "/dev/sdb1", "ext4 /dev/sdb1 "),
            ("ext4", "noatime,ro", "/dev//sdb1", "ext4 /dev/sdb1 "),
            ("xfs", "pquota", "/dev/sdb1", "xfs /dev/sdb1 "),
            ("ext4", "", "tmpfs", "ext4 tmpfs "),
            ("btrfs", "subvol=a,compress=zstd", "/dev/sdb1", "btrfs /dev/sdb1 subvol=/a"),
            ("btrfs", "subvol=/a/", "/dev/sdb1", "btrfs /dev/sdb1 subvol=/a"),
            ("btrfs", "subvolid=257", "/dev/sdb1", "btrfs /dev/sdb1 subvolid=257"),
            ("overlay", "lowerdir=/l,upperdir=/u,workdir=/w", "overlay", "overlay overlay upperdir=/u"),
            ("what", "", "/dev/sdb1", "what /dev/sdb1 "),
            // A network's export, by the address of its server.
            ("nfs", "addr=10.0.0.1,rw", ":/e", "nfs 10.0.0.1:/e "),
            ("nfs4", "rw,addr=10.0.0.1,port=2049", "nas:/e/", "nfs 10.0.0.1:/e "),
            ("nfs", "addr=10.0.0.1,port=2050", ":/e", "nfs 10.0.0.1:/e port=2050"),
            ("nfs", "", "nas:/e", "nfs nas:/e "),
            ("cifs", "username=me,addr=10.0.0.1", "//nas/Share/", "cifs //10.0.0.1/share "),
            ("smb3", "", "//me:hunter2@nas/share", "cifs //nas/share "),
            ("cifs", "", "//***@nas/share", "cifs //nas/share "),
            // What a variable may make of it.
            ("${K}", "", "/dev/sdb1", "perhaps ${K}"),
            ("x${K}", "", "/dev/sdb1", "perhaps ${K}"),
            ("ext4", "${O}", "/dev/sdb1", "perhaps ${O}"),
            ("none", "ro,${O}", "/srv/x", "perhaps ${O}"),
            ("none", "ro,${O}", "", "its own"),
            ("nfs", "addr=${NAS}", ":/e", "nfs ${NAS}:/e "),
            ("ceph", "name=admin", "b:6789,a:6789:/x/", "ceph a:6789,b:6789:/x "),
            ("ceph", "mon_addr=a/b", "me@0000.fs=/x", "ceph 0000.fs:/x "),
            ("fuse.sshfs", "", "me@Files:/x", "fuse.sshfs files:/x "),
            ("glusterfs", "", "files:/vol/", "glusterfs files:/vol "),
        ] {
            assert_eq!(words(source(kind, options, device)), wanted, "type={kind} o={options} device={device}");
        }
    }

    #[test]
    fn another_driver_has_options_of_its_own() {
        let with = |driver: &str, symbols: Vec<crate::model::Symbol>| {
            let device = Some(Value::known("/srv/x", None));
            let driver = Some(Value { symbols, ..Value::known(driver, None) });
            let mount_options = Some(Value::known("bind", None));
            words(DriverOptions { driver, device, mount_options, kind: None }.source(|device| device))
        };
        assert_eq!(with("local", Vec::new()), "bind of /srv/x");
        assert_eq!(with("other", Vec::new()), "its own");
        let symbol = crate::model::Symbol { name: "D".to_owned(), required: false };
        assert_eq!(with("${D}", vec![symbol]), "perhaps ${D}");
    }

    #[test]
    fn kernel_names_an_export_as_the_options_of_its_volume_do() {
        let mount = |fstype: &str, source: &str, options: &[&str]| KernelMount {
            id: 1,
            parent: 0,
            device: "0:50".to_owned(),
            root: "/".to_owned(),
            mount_point: "/x".to_owned(),
            fstype: fstype.to_owned(),
            source: source.to_owned(),
            options: Vec::new(),
            super_options: options.iter().map(|option| (*option).to_owned()).collect(),
        };
        let shown = |fstype: &str, source: &str, options: &[&str]| kernel_device(&mount(fstype, source, options)).0;
        let export = shown("nfs4", ":/e", &["addr=10.0.0.1", "rw", "vers=4.2"]);
        assert_eq!(Some(export.clone()), source("nfs", "addr=10.0.0.1,vers=4", ":/e"));
        assert_ne!(Some(export), source("nfs", "addr=10.0.0.2,vers=4", ":/e"));
        let share = shown("cifs", "//nas/share", &["addr=10.0.0.1", "rw"]);
        assert_eq!(Some(share.clone()), source("cifs", "username=me,addr=10.0.0.1", "//nas/share"));
        // By its name alone it is the same where a mount shows what address that has.
        let known = mount("cifs", "//NAS/other", &["addr=10.0.0.1"]);
        let named = source("cifs", "username=me", "//nas/share").unwrap();
        let address = |fstype: &str, name: &str| server_address(&known, fstype, name).map(str::to_owned);
        assert_eq!(with_address(named.clone(), address), share);
        assert_eq!(with_address(named.clone(), |_, _| None), named);
    }

    #[test]
    fn part_of_a_share_that_is_mounted_is_named_once() {
        let below = |source: &str, root: &str| {
            let mount = KernelMount {
                id: 1,
                parent: 0,
                device: "0:50".to_owned(),
                root: root.to_owned(),
                mount_point: "/x".to_owned(),
                fstype: "cifs".to_owned(),
                source: source.to_owned(),
                options: Vec::new(),
                super_options: Vec::new(),
            };
            let (MountSource::Device { device, .. }, below) = kernel_device(&mount) else { panic!() };
            format!("{} {}", device.text, below.unwrap_or_default())
        };
        assert_eq!(below("//nas/Share", "/"), "//nas/share ");
        assert_eq!(below("//nas/share", "/a/B"), "//nas/share a/B");
        assert_eq!(below("//nas/share/a", "/a"), "//nas/share/a ");
        assert_eq!(below("//nas/share/A", "/a/b"), "//nas/share/a b");
        assert_eq!(below("//nas/share/a", "/"), "//nas/share/a ");
        assert_eq!(below("//nas/share/a", "/ab"), "//nas/share/a ab");
    }
}
