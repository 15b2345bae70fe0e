//! What tells one container or service from another. Uses nothing else.

/// A container or service by its project and its name there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContainerId {
    /// The Compose project, where it is of one.
    pub project: Option<String>,
    /// The name of the service, or of the container.
    pub name: String,
}

impl ContainerId {
    /// The one of that name in a project.
    pub fn new(project: Option<&str>, name: &str) -> Self {
        Self { project: project.map(str::to_owned), name: name.to_owned() }
    }
}
