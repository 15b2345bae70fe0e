//! A Dockerfile from disk: bounded, UTF-8, and one clear sentence where that fails. Uses `stages` and `context`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::build_context::{BuildContext, ContextDirectory};
use super::build_request::BuildRequest;
use super::image::{Image, NamedSource};
use super::stage_builder::build_image;
use crate::model::{EnvVar, Unseen, join};
use crate::text::{ReadError, Reader, Sources, Span, Syntax};

/// The largest Dockerfile that is read, in bytes.
const MAX_BYTES: u64 = 1024 * 1024;

/// What a compose file's `build` says.
pub struct BuildSection<'a> {
    /// The context, where it is a directory of this machine.
    pub context: Option<PathBuf>,
    /// The Dockerfile.
    pub dockerfile: DockerfileSource,
    /// The stage.
    pub target: Option<&'a str>,
    /// Build arguments.
    pub args: &'a BTreeMap<String, EnvVar>,
    /// Where the build is described, for what has no place of its own.
    pub span: Span,
}

/// Where a Dockerfile is.
pub enum DockerfileSource {
    /// A path, below the context where it is relative: `Dockerfile` unless something else is said.
    Path(PathBuf),
    /// In the compose file, its text as YAML gives it. A place in it is told as one of a file of this name.
    Inline {
        /// What its text is called.
        name: String,
        /// The text.
        text: String,
    },
}

impl Default for DockerfileSource {
    fn default() -> Self {
        Self::Path(PathBuf::from("Dockerfile"))
    }
}

/// Reads a Dockerfile from disk and says what an image built from it is. What is missing or no text is told in
/// [`Image::unseen`]. `shown` names a file as a person would write it.
pub fn load_image(
    build: &BuildSection,
    sources: &Sources,
    shown: &dyn Fn(&Path) -> String,
    bases: &dyn Fn(&str) -> Option<NamedSource>,
) -> Image {
    let unread = |what: String| {
        let unseen = vec![Unseen { what, span: build.span }];
        Image { unseen, ..Image::default() }
    };
    let (name, text, beside) = match &build.dockerfile {
        DockerfileSource::Inline { name, text } => (name.clone(), Ok(text.clone()), None),
        DockerfileSource::Path(path) => {
            let Some(path) = located(build.context.as_deref(), path) else {
                return unread("the Dockerfile is not on this machine, so that its image was not read".to_owned());
            };
            (shown(&path), text(&path, sources.reader()), Some(path))
        }
    };
    let text = match text {
        Ok(text) => text,
        Err(why) => return unread(format!("the Dockerfile `{name}` {why}")),
    };
    // One that stands in a compose file is a string there, which holds no comments.
    let file = match &build.dockerfile {
        DockerfileSource::Inline { .. } => sources.add(name, text),
        DockerfileSource::Path(_) => sources.add_written(name, text, Syntax::Dockerfile),
    };
    let directory = |root: &PathBuf| ContextDirectory::new(root, beside.as_deref(), sources.reader());
    let directory = build.context.as_ref().map(directory);
    let unread_ignore = directory.as_ref().and_then(|directory| directory.unread_ignore.clone());
    let context = directory.map(|directory| -> Rc<dyn BuildContext> { Rc::new(directory) });
    let mut image =
        build_image(file, sources, &BuildRequest { target: build.target, args: build.args, context, bases });
    image.unseen.extend(unread_ignore.map(|error| {
        let what = format!("the ignore file of the build context leaves nothing out, since it is not read: {error}");
        Unseen { what, span: build.span }
    }));
    image
}

fn located(context: Option<&Path>, path: &Path) -> Option<PathBuf> {
    if path.is_absolute() {
        return Some(path.to_owned());
    }
    let context = context?;
    // Without the `./` that people write, so that it is told as it would be found.
    let joined = context.to_str().zip(path.to_str()).map(|(context, path)| PathBuf::from(join(context, path)));
    Some(joined.unwrap_or_else(|| context.join(path)))
}

fn text(path: &Path, reader: &Reader) -> Result<String, String> {
    reader.read_text(path, MAX_BYTES).map_err(|error| match error {
        ReadError::Absent => "cannot be read: No such file or directory; check `build`".to_owned(),
        ReadError::NotRegular(_) => "is no file; check `build`".to_owned(),
        ReadError::TooLarge { limit } => format!("is larger than {} MiB and is not read", limit >> 20),
        ReadError::NotUtf8 { .. } => "is not UTF-8; save it as UTF-8".to_owned(),
        error => format!("cannot be read: {error}"),
    })
}
