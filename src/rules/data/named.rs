//! The names that `matrix.yaml` and the code share: its tables, and what can be filled into its messages. Each is an
//! enum, so that a name which only one side knows cannot be used. Uses nothing else of this crate.

use serde::{Deserialize, Serialize};

/// Declares an enum whose values have a name in the rule files.
macro_rules! named_values {
    ($(#[$doc:meta])* $Type:ident { $( $(#[$value_doc:meta])* $Value:ident = $name:literal ),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $Type { $( $(#[$value_doc])* $Value ),+ }

        impl $Type {
            /// Every value, in the order of declaration.
            pub const ALL: &[Self] = &[ $( Self::$Value ),+ ];

            /// The name in the rule files.
            pub fn name(self) -> &'static str {
                match self { $( Self::$Value => $name ),+ }
            }

            /// The value of this name, if there is one.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $( $name => Some(Self::$Value), )+ _ => None }
            }

            /// All names, for a message that lists what would be right.
            pub(crate) fn known_names() -> String {
                Self::ALL.iter().map(|value| value.name()).collect::<Vec<_>>().join(", ")
            }
        }
    };
}

named_values! {
    /// A table of the matrix. Findings of one participant come in this order.
    TableName {
        /// Is its state directory the one that its mount was made for?
        Bind = "bind",
        /// Do declarations agree with what is seen?
        Declaration = "declaration",
        /// Is every refreshing pair kept apart?
        Exclusion = "exclusion",
        /// Does the filesystem show the lock to the peers?
        Filesystem = "filesystem",
        /// Does the guard work?
        Guard = "guard",
        /// Does a person on the host use the directory too?
        Host = "host",
        /// Is a separate login really separate?
        Identity = "identity",
        /// Does a key do what it is meant to do?
        Key = "key",
        /// Do the program's own locks land where peers see them?
        Landing = "landing",
        /// Are there locks of the program that nobody holds?
        Leftover = "leftover",
        /// Do its peers take its guard too?
        OneSided = "one-sided",
        /// Is an interactive container on the right side of the guard?
        Role = "role",
        /// Is neither too much nor too little mounted?
        Scope = "scope",
        /// Can the file beside the state directory be replaced?
        SideFile = "side-file",
        /// Is every fact known that the verdict needs?
        Sight = "sight",
        /// Does it start containers that no input describes?
        Spawner = "spawner",
        /// Can the program take its lock and save its login?
        State = "state",
        /// Can participants open each other's files?
        Users = "users",
    }
}

named_values! {
    /// What a message or a remedy can have filled in, written `{name}`.
    Placeholder {
        /// The variable because of which it is unknown whether the login is refreshed.
        AuthUnknown = "auth_unknown",
        /// Whose the state directory is where the program cannot write it, as a clause.
        Closed = "closed",
        /// The container's name.
        Container = "container",
        /// How many containers, in words.
        Containers = "containers",
        /// The evidence against a declaration.
        Contradiction = "contradiction",
        /// Where a copied login comes from.
        Copied = "copied",
        /// Whose login that is, where somebody uses it.
        CopiedFrom = "copied_from",
        /// A declaration and who made it.
        Declaration = "declaration",
        /// Why the filesystem does not show locks.
        FilesystemProblem = "filesystem_problem",
        /// The condition under which the guard is taken.
        GuardCondition = "guard_condition",
        /// The guard's usual path in the container.
        GuardDefault = "guard_default",
        /// The guard's usual file name.
        GuardFile = "guard_file",
        /// The path of the guard that is taken, or the usual one.
        GuardPath = "guard_path",
        /// Why the guard does not work.
        GuardProblem = "guard_problem",
        /// What is not seen of a guard, as a clause.
        GuardUnknown = "guard_unknown",
        /// The same in a few words.
        GuardUnknownShort = "guard_unknown_short",
        /// What lets the program write a state directory that belongs to others.
        OpenDirectory = "open_directory",
        /// A name for a volume of the container's own.
        OwnVolume = "own_volume",
        /// The name of a variable that holds a key.
        KeyName = "key_name",
        /// How old a lock is that was left behind.
        LeftoverAge = "leftover_age",
        /// Where a lock was left behind.
        LeftoverPath = "leftover_path",
        /// The path of the program's first lock.
        LockPath = "lock_path",
        /// Where that lock really lives.
        LockPlace = "lock_place",
        /// How long the longest call lasts, in seconds.
        LongestCall = "longest_call",
        /// What is mounted, and where.
        Mounted = "mounted",
        /// The peers of which it is unknown whether they refresh the login, and why.
        PeerUnknown = "peer_unknown",
        /// The peers.
        Peers = "peers",
        /// Where the state directory really lives.
        Place = "place",
        /// The program's name.
        Program = "program",
        /// The shared places that a started container could use.
        Places = "places",
        /// A remark where the role is unknown.
        RoleNote = "role_note",
        /// What would settle an unknown fact.
        Settle = "settle",
        /// The version from which on the program's own lock suffices.
        SettledSince = "settled_since",
        /// The state file that is mounted singly.
        SidePath = "side_path",
        /// Which fact is unknown, without a name.
        SightDetail = "sight_detail",
        /// Which fact is unknown.
        SightProblem = "sight_problem",
        /// Why the mount is stale.
        StaleProblem = "stale_problem",
        /// The state directory in the container.
        StateDir = "state_dir",
        /// The variable that moves the state directory.
        StateVariable = "state_variable",
        /// Why the lock cannot be created.
        Uncreatable = "uncreatable",
        /// The peers that no lock keeps apart.
        UnsafePeers = "unsafe_peers",
        /// The user that the container runs as.
        User = "user",
        /// The program's version, as far as known.
        Version = "version",
        /// What is known of the program's version, and where from, as a clause.
        VersionKnown = "version_known",
        /// What lets the program create its lock.
        WritableParent = "writable_parent",
    }
}
