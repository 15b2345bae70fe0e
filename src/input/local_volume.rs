//! What the engine's `local` driver mounts for a volume by its options (docker volume create, "Driver-specific
//! options"). Pure. May use `model`.

use crate::model::{MountSource, Value};

/// The options that decide.
#[derive(Debug, Default)]
pub(super) struct Options {
    /// `type`.
    pub(super) kind: Option<Value>,
    /// `o`.
    pub(super) o: Option<Value>,
    /// `device`.
    pub(super) device: Option<Value>,
}

impl Options {
    /// What is mounted instead of a directory of the engine's own; `None` where it is one. `cleaned` is the device as a
    /// path.
    pub(super) fn source(self, cleaned: impl FnOnce(Value) -> Value) -> Option<MountSource> {
        let device = self.device?;
        // What kind of volume it is hangs on a variable.
        let open = [&self.kind, &self.o].into_iter().flatten().find(|value| value.is_symbolic());
        if let Some(open) = open.filter(|open| open.text.starts_with("${")) {
            return Some(MountSource::Unresolved(open.clone()));
        }
        let text = |value: Option<Value>| value.map_or_else(String::new, |value| value.text);
        let (fstype, options) = (text(self.kind), text(self.o));
        if options.split(',').any(|option| option == "bind" || option == "rbind") {
            return Some(MountSource::Host(cleaned(device)));
        }
        let elsewhere = !fstype.is_empty() && fstype != "tmpfs" && fstype != "none";
        elsewhere.then_some(MountSource::Device { fstype, device, options })
    }
}
