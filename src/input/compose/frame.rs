//! What one set of files is read with: where its paths start from, and its variables. May use `text` and `model`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::text::Reader;

/// What one set of files is read with.
#[derive(Debug)]
pub(super) struct Frame {
    /// What relative paths start from: absolute, or relative to the frame around it.
    pub(super) working: String,
    /// The directory that files are looked up in, absolute.
    pub(super) loader: String,
    /// The variables of interpolation.
    pub(super) variables: BTreeMap<String, String>,
    /// Which one this is.
    pub(super) id: usize,
}

impl Frame {
    /// A file as it is looked up.
    pub(super) fn absolute(&self, path: &str) -> PathBuf {
        PathBuf::from(crate::model::join(&self.loader, path))
    }

    /// The directory that a file's own paths start from, as it is from here. What is no directory is taken for a file
    /// in one, as Compose takes it.
    pub(super) fn directory_of(&self, path: &str, reader: &Reader) -> String {
        let absolute = self.absolute(path);
        let directory =
            if reader.is_directory(&absolute) { &*absolute } else { absolute.parent().unwrap_or(Path::new("/")) };
        relative(&self.loader, &directory.display().to_string())
    }
}

/// The path that leads from one absolute directory to another.
fn relative(from: &str, to: &str) -> String {
    let parts =
        |path: &str| -> Vec<String> { path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect() };
    let (from, to) = (parts(from), parts(to));
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..", from.len() - common);
    let down = to.iter().skip(common).map(String::as_str);
    let path: Vec<&str> = up.chain(down).collect();
    if path.is_empty() { ".".to_owned() } else { path.join("/") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_from_one_directory_to_another() {
        assert_eq!(relative("/a/b", "/a/b/c"), "c");
        assert_eq!(relative("/a/b", "/a/c"), "../c");
        assert_eq!(relative("/a", "/a"), ".");
    }
}
