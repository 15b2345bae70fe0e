//! The vocabulary of the matrix: each fact with its values, as `DESIGN.md` section 4 names them.
//! Uses nothing else of this crate.

/// Declares every fact as an enum, and all of them as one struct and one table of names.
macro_rules! facts {
    ($( $(#[$doc:meta])* $field:ident: $Fact:ident { $( $(#[$value_doc:meta])* $Value:ident = $value:literal ),+ $(,)? } )+) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
            pub enum $Fact { $( $(#[$value_doc])* $Value ),+ }

            impl $Fact {
                /// The value's name in the matrix and in the JSON contract.
                pub fn name(self) -> &'static str {
                    match self { $( Self::$Value => $value ),+ }
                }
            }
        )+

        /// Every fact of one participant.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
        pub struct Facts { $( $(#[$doc])* pub $field: $Fact ),+ }

        /// The name of each fact with the names of its values, in the order of [`Facts::indices`].
        pub const VOCABULARY: &[(&str, &[&str])] = &[ $( (stringify!($field), &[ $( $value ),+ ]) ),+ ];

        impl Facts {
            /// Each fact's value as its index in [`VOCABULARY`].
            pub fn indices(self) -> [u8; VOCABULARY.len()] {
                [ $( self.$field as u8 ),+ ]
            }
        }
    };
}

facts! {
    /// Whether it refreshes the login in its state directory, all things considered.
    refresh: Refresh {
        /// It does.
        #[default] Yes = "yes",
        /// It does not.
        No = "no",
        /// That depends on something unknown.
        Unknown = "unknown",
    }
    /// Whether the environment leaves the refresh of a mounted login on.
    auth: Auth {
        /// It refreshes the login.
        #[default] Refreshes = "refreshes",
        /// It uses something else and leaves the login alone.
        Stopped = "stopped",
        /// That depends on a variable that is not set.
        Unknown = "unknown",
    }
    /// Who else refreshes the same login.
    peers: Peers {
        /// Nobody.
        #[default] None = "none",
        /// A person on the host only.
        Host = "host",
        /// Containers, of none of which it is known that they refresh it.
        Perhaps = "perhaps",
        /// Its own replicas only.
        Replicas = "replicas",
        /// Other containers.
        Containers = "containers",
    }
    /// Whether it may run twice at once with nothing that keeps the two apart.
    overlap: Overlap {
        /// No: nobody starts a second one, its name is fixed, a lock covers it, or each has a login of its own.
        #[default] None = "none",
        /// Anybody may start it again while it runs.
        Possible = "possible",
        /// Each project that uses the file which describes it has one of its own.
        Projects = "projects",
    }
    /// Whether the locks that the program takes by itself keep it from every peer.
    internal_lock: InternalLock {
        /// Each peer takes one of them at the same place.
        #[default] Coherent = "coherent",
        /// They land where no peer sees them.
        Private = "private",
        /// Peers see a place of its locks, but take theirs elsewhere.
        Disjoint = "disjoint",
        /// Known versions differ in the locks they take.
        Skewed = "skewed",
        /// Its version cannot create the only lock it takes.
        Uncreatable = "uncreatable",
        /// Their places cannot be compared.
        Unknown = "unknown",
    }
    /// Whether its calls go through the guard.
    guard: Guard {
        /// Every call does.
        #[default] Held = "held",
        /// Every call does, and a peer that nothing else keeps apart takes none.
        OneSided = "one-sided",
        /// A call does not.
        Absent = "absent",
        /// A running call does not, as the kernel shows.
        Bypassed = "bypassed",
        /// Only if a variable is set, of which it is not known whether it is.
        Conditional = "conditional",
        /// They do, but the guard does not work.
        Broken = "broken",
        /// What it runs was not seen.
        Unknown = "unknown",
    }
    /// What is wrong with the guard it takes.
    guard_fault: GuardFault {
        /// Nothing, or it takes none.
        #[default] None = "none",
        /// It is a path the program uses as a lock.
        Collides = "collides",
        /// It lands where no peer sees it.
        Private = "private",
        /// Peers take another file.
        Mismatch = "mismatch",
        /// Its file is removed around the calls, so that each locks one of its own.
        Removed = "removed",
        /// It is on a read-only mount and cannot be created there.
        ReadOnly = "read-only",
        /// It is the same for all, but outside the state directory.
        Outside = "outside",
        /// The call runs although the lock was not got.
        Ignored = "ignored",
        /// It waits less than the longest call lasts.
        ShortWait = "short-wait",
        /// It does not wait.
        NoWait = "no-wait",
    }
    /// Who waits for it.
    role: Role {
        /// Nobody: it tolerates waiting.
        #[default] Batch = "batch",
        /// A person.
        Interactive = "interactive",
        /// Not known; judged as batch.
        Unknown = "unknown",
    }
    /// How much is mounted to share the state directory.
    scope: Scope {
        /// Nothing: it is on no mount, or on a volume of the container's own.
        #[default] Private = "private",
        /// The state directory itself.
        StateDir = "state-dir",
        /// The credentials as a single file.
        File = "file",
        /// The credentials, to which a link leads.
        Link = "link",
        /// A directory around it that is nobody's home on the host.
        DedicatedParent = "dedicated-parent",
        /// A host home, or more.
        Home = "home",
    }
    /// Whether the state directory can be written.
    access: Access {
        /// It can.
        #[default] ReadWrite = "read-write",
        /// It is mounted read-only.
        ReadOnly = "read-only",
        /// It is mounted read-write, and belongs to others than those who run the program.
        Closed = "closed",
    }
    /// Whether a state file beside the directory is mounted singly.
    side_file: SideMount {
        /// None is.
        #[default] Free = "free",
        /// One is.
        Mounted = "mounted",
        /// One is, and cannot be written.
        ReadOnly = "read-only",
    }
    /// Where the program's own locks land.
    landing: Landing {
        /// At least one on a place that peers can reach.
        #[default] Shared = "shared",
        /// All on places of this container alone.
        Private = "private",
    }
    /// Whether a key that replaces the login is in the environment.
    key: Key {
        /// No.
        #[default] Absent = "absent",
        /// Yes, and not empty.
        Present = "present",
        /// Perhaps: it depends on a variable that is not set.
        Unknown = "unknown",
    }
    /// Whose login is in its state directory.
    identity: Identity {
        /// Its own, or one that it shares by a mount.
        #[default] Own = "own",
        /// A copy of another's.
        Cloned = "cloned",
    }
    /// Whether a person on the host uses the same directory.
    host: Host {
        /// No, or the configuration says so.
        #[default] Absent = "absent",
        /// It is their own state directory; nothing more is known.
        Presumed = "presumed",
        /// Known, and a lock covers them.
        Covered = "covered",
        /// Known, and no lock covers them.
        Shown = "shown",
    }
    /// Whether participants run as one user.
    users: Users {
        /// As far as named, yes.
        #[default] Same = "same",
        /// Not named.
        Unknown = "unknown",
        /// No.
        Differ = "differ",
    }
    /// Whether the filesystem of the guard shows a `flock` to all containers of the host.
    flock_support: FlockSupport {
        /// It does.
        #[default] Yes = "yes",
        /// It does not.
        No = "no",
        /// Not known.
        Unknown = "unknown",
    }
    /// Whether stronger evidence contradicts a label.
    declaration: Declaration {
        /// No.
        #[default] Agrees = "agrees",
        /// Yes.
        Contradicted = "contradicted",
    }
    /// Whether the state directory is the one that the engine's path suggests.
    bind: Bind {
        /// It is, or nothing tells.
        #[default] Fresh = "fresh",
        /// It was deleted, renamed or covered since it was mounted.
        Stale = "stale",
    }
    /// Whether a lock of the program was left behind.
    leftover: Leftover {
        /// None was.
        #[default] None = "none",
        /// One is older than its time of staleness: the next call that wants it takes it over.
        Stale = "stale",
        /// One is dated in the future: no call ever takes it over.
        Future = "future",
    }
    /// What could not be seen, without which nothing can be judged.
    sight: Sight {
        /// Nothing is missing.
        #[default] Clear = "clear",
        /// The place of the state directory depends on an unset variable and may be another's.
        Place = "place",
        /// A mount point depends on an unset variable and may cover the state directory.
        Target = "target",
        /// Where the program keeps its state is not known, and a shared state directory is within reach.
        StateDirectory = "state-directory",
        /// A label says something that is not understood.
        Declaration = "declaration",
        /// A part of the container could not be looked at.
        Part = "part",
    }
    /// Whether it can start containers that were not given.
    spawner: Spawner {
        /// No.
        #[default] No = "no",
        /// Yes, and none are described.
        Unseen = "unseen",
    }
}

/// The index of a fact in [`VOCABULARY`].
pub(crate) fn fact_index(name: &str) -> Option<usize> {
    VOCABULARY.iter().position(|(fact, _)| *fact == name)
}
