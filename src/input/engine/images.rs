//! Images as an engine has them: their configuration and what made them. Uses `client` and `source::dockerfile`'s type.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use bollard::models::{ImageHistoryResponseItem, ImageInspect};

use super::client::EngineClient;
use super::error::EngineError;
use super::inspect::check_words;
use super::look::converse;
use super::options::Options;
use crate::input::dockerfile::Stored;

/// The images of an engine, each asked for once, when it is wanted.
pub struct Images<'a> {
    options: &'a Options,
    known: Mutex<AskedImages>,
}

#[derive(Default)]
struct AskedImages {
    images: BTreeMap<String, Option<Arc<Stored>>>,
    /// Why some could not be asked for, each said once.
    unasked: BTreeMap<String, String>,
    /// Whether the engine answers no more: each further question would be waited for anew.
    silent: Option<String>,
}

impl<'a> Images<'a> {
    /// Nothing is asked yet.
    pub fn new(options: &'a Options) -> Self {
        Self { options, known: Mutex::default() }
    }

    /// An image by its name; `None` where the engine has none of that name, or could not be asked.
    pub fn get(&self, name: &str) -> Option<Arc<Stored>> {
        // What is no name must not become part of a request's path.
        let is_name = |name: &str| {
            name.starts_with(|first: char| first.is_ascii_alphanumeric())
                && name.chars().all(|one| one.is_ascii_alphanumeric() || "_.-/:@".contains(one))
                && !name.contains("..")
        };
        if !is_name(name) {
            return None;
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(image) = known.images.get(name) {
            return image.clone();
        }
        let asked = match &known.silent {
            Some(why) => Err(why.clone()),
            None => converse(self.options, async |client| stored(client, name).await).map_err(|error| {
                let why = error.to_string();
                if matches!(error, EngineError::Connect { .. } | EngineError::TimedOut { .. }) {
                    known.silent = Some(why.clone());
                }
                why
            }),
        };
        let image = asked.unwrap_or_else(|why| {
            known.unasked.insert(name.to_owned(), why);
            None
        });
        let image = image.map(Arc::new);
        known.images.insert(name.to_owned(), image.clone());
        image
    }

    /// An image that was asked for already.
    pub fn known(&self, name: &str) -> Option<Arc<Stored>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.images.get(name).cloned().flatten()
    }

    /// What could not be asked, as sentences.
    pub fn gaps(&self) -> Vec<String> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.unasked.iter().map(|(name, why)| format!("the image {name} was not looked at: {why}")).collect()
    }
}

async fn stored(client: &EngineClient, name: &str) -> Result<Option<Stored>, EngineError> {
    let Some(image) = client.inspect_image(name).await? else { return Ok(None) };
    // What made it is only one more way to learn of a version.
    let history = client.image_history(name).await.unwrap_or_default();
    Ok(Some(read(name, image, history)))
}

fn read(name: &str, image: ImageInspect, history: Vec<ImageHistoryResponseItem>) -> Stored {
    let config = image.config.unwrap_or_default();
    let test = config.healthcheck.and_then(|check| check.test).unwrap_or_default();
    let mut volumes = config.volumes.unwrap_or_default();
    volumes.sort();
    Stored {
        name: name.to_owned(),
        id: image.id.unwrap_or_default(),
        user: config.user.unwrap_or_default(),
        working_dir: config.working_dir.unwrap_or_default(),
        env: config.env.unwrap_or_default(),
        entrypoint: config.entrypoint.unwrap_or_default(),
        command: config.cmd.unwrap_or_default(),
        check: check_words(&test, config.shell.as_deref()),
        labels: config.labels.unwrap_or_default().into_iter().collect(),
        volumes,
        layers: image.root_fs.and_then(|files| files.layers).unwrap_or_default(),
        // The engine tells the newest first.
        history: history.into_iter().rev().map(|layer| layer.created_by).collect(),
    }
}
