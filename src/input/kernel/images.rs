//! Files of images, for whoever reads what a planned container runs. Uses `layers`, `source::capture` and a type of
//! `source::dockerfile`.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::layers::{Layers, Store};
use super::pid::Proc;
use super::root::{Root, Unread};
use super::root_of_host;
use super::scripts::{MOST_SCRIPT, TOO_LONG};
use crate::input::capture::Capture;
use crate::input::dockerfile::InImage;

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
        let directory = capture.engine_directory()?.to_owned();
        let proc = Proc::open(proc).ok()?;
        let mounts = capture.own.as_ref().map_or(&[][..], |own| &own.mounts);
        let root = root_of_host(&proc, &proc.pid(1).ok()?, mounts)?.root;
        Some(Self { root, store: (directory, capture.driver.clone()), known: Mutex::default() })
    }

    /// The files of the image with these layers, opened once; `None` where they are not found.
    pub(super) fn layers(&self, digests: &[String]) -> Option<Arc<Layers>> {
        let key = digests.last()?.clone();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let layers = known.entry(key).or_insert_with(|| {
            let store = Store { directory: &self.store.0, driver: &self.store.1 };
            Layers::open(&self.root, store, digests).map(Arc::new)
        });
        layers.clone()
    }

    /// What stands at a path in the image with these layers; `None` where they are not found.
    pub fn open(&self, digests: &[String], path: &str) -> Option<InImage> {
        Some(match self.layers(digests)?.read_head(path, MOST_SCRIPT) {
            Ok(head) if head.bytes.contains(&0) => InImage::Binary,
            Ok(head) if head.is_whole => String::from_utf8(head.bytes)
                .map_or_else(|_| InImage::Unseen("it is not UTF-8".to_owned()), InImage::Text),
            Ok(_) | Err(Unread::TooLarge) => InImage::Unseen(TOO_LONG.to_owned()),
            // A directory: of an image, nothing else can be run or waits for a writer.
            Err(Unread::Unfit) => InImage::Binary,
            Err(Unread::Absent) => InImage::Absent,
            Err(Unread::Failed) => InImage::Unseen("it cannot be read".to_owned()),
        })
    }
}
