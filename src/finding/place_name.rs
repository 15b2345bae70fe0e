//! Where a path lives, in words. May use `model`.

use crate::model::KernelMount;

/// A place in words of the JSON contract.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlaceName {
    /// `host`, `volume`, `device`, `tmpfs`, `private` or `unresolved`.
    pub kind: &'static str,
    /// The volume's or device's name; where several hosts are judged together, with the host's before it.
    pub filesystem: Option<String>,
    /// The path in it.
    pub path: String,
    /// The same for people, as part of a sentence.
    pub text: String,
}

/// Where a path lives.
#[derive(Debug, Clone)]
pub struct Located {
    /// The path as it was asked for, made absolute.
    pub path: String,
    /// The path after every link on it.
    pub real: String,
    /// Whether links on it were looked at.
    pub followed: bool,
    /// Where it lives.
    pub place: PlaceName,
    /// Whether only this container can reach it.
    pub private: bool,
    /// The mount it is on, where the kernel showed it.
    pub mount: Option<KernelMount>,
    /// From where else the same place is reached, sorted.
    pub reached_by: Vec<Reach>,
}

/// Another way to a place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reach {
    /// The container's name.
    pub container: String,
    /// The path in it.
    pub path: String,
}
