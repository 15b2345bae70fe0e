//! What the remedies of the matrix do to a layout. Uses nothing else of this crate.

/// A change of the layout that a remedy stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Change {
    /// The program's version is one that takes a lock inside the state directory.
    RequireVersion,
    /// Every call takes the usual flock.
    TakeFlock,
    /// What brings the login gets a source of its own.
    OwnLogin,
    /// The login is mounted read-write.
    MountWritable,
    /// The directory is mounted instead of the file in it.
    MountDirectory,
    /// The state directory is mounted instead of the home around it.
    MountStateOnly,
    /// One directory around the state directory is mounted in all.
    DedicatedParent,
    /// The login is not mounted.
    DropMount,
    /// No login is copied.
    DropCopy,
    /// A person on the host takes the usual flock too, and so does every call.
    GuardOnHost,
    /// The version of each container and of the person on the host takes a lock inside the state directory.
    VersionOnHost,
    /// Nobody on the host uses the login.
    SettleHost,
    /// An flock waits as long as the longest call lasts.
    WaitLonger,
    /// The call is not made where the flock is not got.
    HeedFailure,
    /// An flock is taken on the usual file.
    UsualFlock,
    /// No flock is taken.
    LeaveFlock,
    /// The container runs as the user of the others.
    OneUser,
    /// A named volume holds the login.
    NamedVolume,
}

impl Change {
    /// The change that a remedy of the matrix stands for; `None` for what only a person can do or decide.
    pub(super) fn of_remedy(id: &str) -> Option<Self> {
        Some(match id {
            "require-version" => Self::RequireVersion,
            "route-through-guard" | "route-peers-through-guard" => Self::TakeFlock,
            "separate-identity" => Self::OwnLogin,
            "writable" => Self::MountWritable,
            "mount-directory" => Self::MountDirectory,
            "mount-state-only" => Self::MountStateOnly,
            "dedicated-parent" => Self::DedicatedParent,
            "drop-mount" | "key-without-share" => Self::DropMount,
            "own-login" => Self::DropCopy,
            "guard-on-host" => Self::GuardOnHost,
            "version-on-host" => Self::VersionOnHost,
            "settle-host" => Self::SettleHost,
            "wait-longer" => Self::WaitLonger,
            "stop-on-failure" => Self::HeedFailure,
            "one-guard" | "other-guard-name" => Self::UsualFlock,
            "leave-guard" => Self::LeaveFlock,
            "same-user" => Self::OneUser,
            "named-volume" => Self::NamedVolume,
            _ => return None,
        })
    }

    /// Whether it leaves where the login is and who uses it: worth a mention also where another finding advises it.
    pub(super) fn is_small(self) -> bool {
        let is_large = matches!(self, Self::DedicatedParent | Self::DropMount | Self::NamedVolume | Self::OneUser);
        !is_large && !self.is_about_host()
    }

    /// Whether it says something of the person on the host, which the configuration has to know.
    pub(super) fn is_about_host(self) -> bool {
        matches!(self, Self::GuardOnHost | Self::VersionOnHost | Self::SettleHost)
    }

    /// Whether it concerns a place that others may use too, who change with it.
    pub(super) fn is_shared(self) -> bool {
        matches!(
            self,
            Self::RequireVersion
                | Self::VersionOnHost
                | Self::TakeFlock
                | Self::GuardOnHost
                | Self::WaitLonger
                | Self::HeedFailure
                | Self::UsualFlock
                | Self::LeaveFlock
        )
    }
}
