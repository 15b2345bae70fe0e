//! Files of images, for whoever reads what a planned container runs. Uses `layers`, `source::capture` and a type of
//! `source::image`.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::layers::{Layers, Store};
use super::other_root;
use super::pid::Proc;
use super::root::{Root, Unread};
use super::scripts::MOST_SCRIPT;
use crate::source::capture::Capture;
use crate::source::image::InImage;

/// The files of images, where the engine keeps them as layers that can be looked at.
pub struct ImageFiles {
    root: Root,
    /// `DockerRootDir`, and the storage driver.
    store: (String, String),
    known: Mutex<HashMap<String, Option<Arc<Layers>>>>,
}

impl ImageFiles {
    /// `None` where the host's files cannot be followed, or the engine did not say where it keeps its own.
    pub fn of(proc: &Path, capture: &Capture) -> Option<Self> {
        let directory = capture.volume_directory.as_deref()?.strip_suffix("/volumes")?.to_owned();
        let proc = Proc::open(proc).ok()?;
        let first = proc.pid(1).ok()?.root().ok();
        let root = first.or_else(|| other_root(&proc, &capture.own.as_ref()?.mounts))?;
        Some(Self { root, store: (directory, capture.driver.clone()), known: Mutex::default() })
    }

    /// What stands at a path in the image with these layers; `None` where they are not found.
    pub fn open(&self, digests: &[String], path: &str) -> Option<InImage> {
        let key = digests.last()?.clone();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let layers = known.entry(key).or_insert_with(|| {
            let store = Store { directory: &self.store.0, driver: &self.store.1 };
            Layers::open(&self.root, store, digests).map(Arc::new)
        });
        let layers = Arc::clone(layers.as_ref()?);
        Some(match layers.file(path, MOST_SCRIPT) {
            Ok(bytes) if bytes.contains(&0) => InImage::Binary,
            Ok(bytes) => {
                String::from_utf8(bytes).map_or_else(|_| InImage::Unseen("it is not UTF-8".to_owned()), InImage::Text)
            }
            // A directory, or larger than any script.
            Err(Unread::Unfit) => InImage::Binary,
            Err(Unread::Absent) => InImage::Absent,
            Err(Unread::Failed) => InImage::Unseen("it cannot be read".to_owned()),
        })
    }
}
