//! Files of images, for whoever reads what a planned container runs: as the engine keeps them, or else as it exports them.
//! Uses `layers`, `exported`, `source::capture` and types of `source::dockerfile`.

use std::collections::{BTreeSet, HashMap};
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::exported::read_export;
use super::layers::{Layers, Store};
use super::pid::Proc;
use super::root::{Root, Unread};
use super::root_of_host;
use super::scripts::{MOST_SCRIPT, TOO_LONG};
use crate::input::capture::Capture;
use crate::input::dockerfile::{InImage, Stored};

/// Asks the engine for the archive of an image by its id, and hands it on as it comes; else why there is none, as a clause.
pub type Export = Box<dyn Fn(&str, ReadArchive<'_>) -> Result<(), String> + Send + Sync>;

/// Reads an archive.
pub type ReadArchive<'a> = &'a mut (dyn FnMut(&mut dyn Read) + Send);

/// The files of images.
pub struct ImageFiles {
    /// `None` where the host's files cannot be followed.
    root: Option<Root>,
    /// `DockerRootDir`, where the engine said so, and the storage driver.
    store: (Option<String>, String),
    export: Export,
    deadline: Instant,
    known: Mutex<ReadLayers>,
}

#[derive(Default)]
struct ReadLayers {
    layers: HashMap<String, Option<Arc<Layers>>>,
    /// Why some are not known, each said once.
    gaps: BTreeSet<String>,
}

impl ImageFiles {
    /// Those of the engine that a capture was taken of; all must be known before a deadline.
    pub fn of(proc: &Path, capture: &Capture, export: Export, deadline: Instant) -> Self {
        let mounts = capture.own.as_ref().map_or(&[][..], |own| &own.mounts);
        let root = || {
            let proc = Proc::open(proc).ok()?;
            Some(root_of_host(&proc, &proc.pid(1).ok()?, mounts)?.root)
        };
        let store = (capture.engine_directory().map(str::to_owned), capture.driver.clone());
        Self { root: root(), store, export, deadline, known: Mutex::default() }
    }

    /// The files of an image, looked for once; `None` where they are not known.
    pub(super) fn layers(&self, image: &Stored) -> Option<Arc<Layers>> {
        let key = image.layers.last()?.clone();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let ReadLayers { layers, gaps } = &mut *known;
        let layers = layers.entry(key).or_insert_with(|| {
            let kept = self.kept(&image.layers);
            let found = kept.map_or_else(|| self.exported(image), Ok);
            found.map(Arc::new).map_err(|why| gaps.insert(format!("the files of the image {}: {why}", image.name))).ok()
        });
        layers.clone()
    }

    /// Those that the engine keeps as directories.
    fn kept(&self, digests: &[String]) -> Option<Layers> {
        let store = Store { directory: self.store.0.as_deref()?, driver: &self.store.1 };
        Layers::open(self.root.as_ref()?, store, digests)
    }

    fn exported(&self, image: &Stored) -> Result<Layers, String> {
        let mut layers = None;
        let asked = (self.export)(&image.id, &mut |archive| {
            layers = Some(read_export(archive, &image.layers, self.deadline));
        });
        // What was understood is enough, whatever else would have come.
        match layers {
            Some(Ok(layers)) => Ok(Layers::of_export(layers)),
            Some(Err(why)) => Err(asked.err().unwrap_or(why)),
            None => Err(asked.err().unwrap_or_else(|| "the engine exports nothing".to_owned())),
        }
    }

    /// What could not be looked at, as sentences.
    pub fn gaps(&self) -> Vec<String> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.gaps.iter().map(|gap| format!("not looked at: {gap}")).collect()
    }

    /// What stands at a path in an image; `None` where its files are not known.
    pub fn open(&self, image: &Stored, path: &str) -> Option<InImage> {
        Some(match self.layers(image)?.read_head(path, MOST_SCRIPT) {
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
