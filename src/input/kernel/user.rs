//! Who a planned container would run as, in the host's numbers. Uses `model` and `source::capture`.

use crate::input::capture::{Capture, Users};
use crate::model::{Container, Entry, EntryKind, Identity, KernelFacts, Value};

/// How many users a map has that `userns-remap` makes (subuid(5)).
const MAPPED: u32 = 65_536;

/// The accounts of an image: its `/etc/passwd` and `/etc/group` (passwd(5), group(5)).
#[derive(Debug, Clone, Default)]
pub(super) struct Accounts {
    pub(super) passwd: String,
    pub(super) group: String,
}

impl Accounts {
    /// The uid and gid of a user by name or number.
    fn user(&self, name: &str) -> Option<(u32, u32)> {
        let line = fields(&self.passwd).find(|fields| [fields.first(), fields.get(2)].contains(&Some(&name)))?;
        Some((line.get(2)?.parse().ok()?, line.get(3)?.parse().ok()?))
    }

    fn gid(&self, name: &str) -> Option<u32> {
        fields(&self.group).find(|fields| fields.first() == Some(&name))?.get(2)?.parse().ok()
    }

    /// The groups that a user is a member of beside their own.
    fn groups(&self, uid: u32) -> Vec<u32> {
        let number = uid.to_string();
        let name = fields(&self.passwd).find(|fields| fields.get(2) == Some(&number.as_str()));
        let Some(name) = name.and_then(|fields| fields.first().copied()) else { return Vec::new() };
        let of =
            fields(&self.group).filter(|fields| fields.get(3).is_some_and(|all| all.split(',').any(|one| one == name)));
        of.filter_map(|fields| fields.get(2)?.parse().ok()).collect()
    }
}

fn fields(table: &str) -> impl Iterator<Item = Vec<&str>> {
    table.lines().map(|line| line.split(':').collect())
}

/// Who it runs as; `None` where that cannot be told: an engine without root maps users as the host's files say, and a
/// user by name is known by its image alone.
pub(super) fn identity(container: &Container, capture: &Capture, accounts: Option<&Accounts>) -> Option<Identity> {
    let user = container.user.as_ref().filter(|user| !user.is_symbolic())?;
    let (name, group) =
        user.text.split_once(':').map_or((user.text.as_str(), None), |(name, group)| (name, Some(group)));
    let known = accounts.and_then(|accounts| accounts.user(name));
    let uid = match known {
        Some((uid, _)) => uid,
        None if name == "root" => 0,
        None => name.parse().ok()?,
    };
    let gid = match group {
        Some("root") => 0,
        Some(group) => group.parse().ok().or_else(|| accounts?.gid(group))?,
        None => known.map_or(0, |(_, gid)| gid),
    };
    let shift = shift(capture)?;
    let groups = accounts.filter(|_| group.is_none()).map(|accounts| accounts.groups(uid)).unwrap_or_default();
    Some(Identity {
        uid: uid.checked_add(shift)?,
        gid: gid.checked_add(shift)?,
        groups: groups.into_iter().filter_map(|gid| gid.checked_add(shift)).collect(),
        overrides: uid == 0 && shift == 0 && !container.rights.no_override,
    })
}

/// Why it is not known whether its user may write what matters to it, where that is so.
pub(super) fn untold(
    kernel: &KernelFacts,
    container: &Container,
    capture: &Capture,
    accounts: Option<&Accounts>,
) -> Option<String> {
    let directories = || kernel.entries.iter().filter(|(_, entry)| entry.kind == EntryKind::Directory);
    let (found, why) = match &kernel.identity {
        // Everybody may write and search there.
        None => {
            (directories().find(|(_, entry)| entry.mode & 0o003 != 0o003)?, unknown_user(container, capture, accounts))
        }
        Some(_) if are_groups_known(container, accounts) => return None,
        Some(identity) => {
            let differs = |entry: &Entry| {
                let member = Identity { groups: vec![entry.gid], ..identity.clone() };
                member.may_write(entry) != identity.may_write(entry)
            };
            (directories().find(|(_, entry)| differs(entry))?, "which groups that user is in is not known")
        }
    };
    let (path, entry) = found;
    let user = container.user.as_ref().map_or("its image's user", |user| user.text.as_str());
    let (owner, group, mode) = (entry.uid, entry.gid, entry.mode);
    Some(format!(
        "whether {user} may write {path}, which belongs to uid {owner} and gid {group} with mode {mode:04o}, since {why}"
    ))
}

fn unknown_user(container: &Container, capture: &Capture, accounts: Option<&Accounts>) -> &'static str {
    match capture.users {
        _ if container.user.as_ref().is_some_and(Value::is_symbolic) => {
            "that user depends on a variable that is not set"
        }
        Users::Rootless => "the engine runs without root and maps users as it is told to",
        Users::Remapped => "the engine maps users and does not say how",
        Users::Same if accounts.is_some() && container.user.is_some() => "its image has no user or group of that name",
        Users::Same => "the accounts of its image could not be read",
    }
}

/// Whether it is known which groups its user is in.
fn are_groups_known(container: &Container, accounts: Option<&Accounts>) -> bool {
    let named = container.user.as_ref().is_some_and(|user| user.text.contains(':'));
    (named || accounts.is_some()) && !container.rights.more_groups
}

/// Takes back what is not certain: a user whose groups are not known may be in any, which is told ([`untold`]), and one
/// who is root among mapped users may write whatever belongs to one of these.
pub(super) fn opened(kernel: &mut KernelFacts, container: &Container, capture: &Capture, accounts: Option<&Accounts>) {
    let Some(identity) = &mut kernel.identity else { return };
    if !are_groups_known(container, accounts) {
        identity.groups = kernel.entries.values().map(|entry| entry.gid).collect();
    }
    let Some(shift) = shift(capture).filter(|shift| *shift > 0) else { return };
    let mapped = |id: u32| (shift..shift.saturating_add(MAPPED)).contains(&id);
    let root = identity.uid == shift && !container.rights.no_override;
    for entry in kernel.entries.values_mut().filter(|entry| root && mapped(entry.uid) && mapped(entry.gid)) {
        entry.mode |= 0o777;
    }
}

/// What the engine makes where a source is missing (moby, `volume/mounts`): a directory of the one who is root in its
/// containers.
pub(super) fn made(capture: &Capture) -> Entry {
    let owner = shift(capture).unwrap_or(0);
    let modified = capture.taken_at;
    Entry { kind: EntryKind::Directory, uid: owner, gid: owner, mode: 0o755, modified, age: 0 }
}

/// By how much the host's number of a user is larger; `None` where that is not one number.
fn shift(capture: &Capture) -> Option<u32> {
    match capture.users {
        Users::Same => Some(0),
        Users::Rootless => None,
        // The engine keeps the files of each map in a directory of its own, named after its first user and group.
        Users::Remapped => {
            let (uid, gid) = capture.engine_directory()?.rsplit('/').next()?.split_once('.')?;
            uid.parse().ok().filter(|_| gid.parse::<u32>().is_ok())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Rights;

    #[test]
    fn capabilities_are_named_in_several_ways() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let drops = |added: &[&str], dropped: &[&str], privileged| {
            Rights::of(0, &names(added), &names(dropped), privileged).no_override
        };
        assert!(drops(&[], &["ALL"], false) && drops(&["NET_ADMIN"], &["CAP_DAC_OVERRIDE"], false));
        assert!(!drops(&["dac_override"], &["all"], false) && !drops(&[], &["ALL"], true));
        assert!(!drops(&[], &["NET_RAW"], false));
    }

    fn of(user: &str, users: Users) -> Option<Identity> {
        let container = Container { user: Some(Value::known(user, None)), ..Container::default() };
        let volume_directory = Some("/var/lib/docker/100000.100000/volumes".to_owned());
        identity(&container, &Capture { volume_directory, users, ..Capture::default() }, None)
    }

    #[test]
    fn a_name_is_the_images() {
        let accounts = Accounts {
            passwd: "root:x:0:0::/root:/bin/sh\nagent:x:1000:100::/home/agent:/bin/sh\n".to_owned(),
            group: "users:x:100:\nwheel:x:10:other,agent\nmine:x:7:\n".to_owned(),
        };
        let of = |user: &str| {
            let container = Container { user: Some(Value::known(user, None)), ..Container::default() };
            let told = identity(&container, &Capture::default(), Some(&accounts))?;
            Some((told.uid, told.gid, told.groups))
        };
        assert_eq!(of("agent"), Some((1000, 100, vec![10])));
        assert_eq!(of("1000"), Some((1000, 100, vec![10])));
        assert_eq!(of("1000:5"), Some((1000, 5, vec![])));
        assert_eq!(of("agent:mine"), Some((1000, 7, vec![])));
        assert_eq!(of("2000"), Some((2000, 0, vec![])));
        assert_eq!((of("nobody"), of("agent:none")), (None, None));
    }

    #[test]
    fn a_number_is_the_hosts_where_the_engine_says_so() {
        let plain = of("1000:50", Users::Same).unwrap();
        assert_eq!((plain.uid, plain.gid, plain.overrides), (1000, 50, false));
        let root = of("root", Users::Same).unwrap();
        assert_eq!((root.uid, root.overrides), (0, true));
        let mapped = of("0", Users::Remapped).unwrap();
        assert_eq!((mapped.uid, mapped.overrides), (100_000, false));
        let less = Rights::of(0, &[], &["cap_dac_override".to_owned()], false);
        let user = Some(Value::known("0:0", None));
        let container = Container { user, rights: less, ..Container::default() };
        assert!(!identity(&container, &Capture::default(), None).unwrap().overrides);
        assert_eq!(of("agent", Users::Same), None);
        assert_eq!(of("1000", Users::Rootless), None);
    }
}
