//! Where programs are looked for by their names: `PATH`. Uses nothing else.

/// What `PATH` is where nothing says so: that of a builder for an image without one, and of shells.
pub const USUAL_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The directories of a `PATH`, in order; `before` stands where it is made of the one before.
pub fn split_search_path(path: &str, before: &str) -> Vec<String> {
    let parts = path.split(':').flat_map(|part| match part {
        "$PATH" | "${PATH}" => before.split(':'),
        _ => part.split(':'),
    });
    parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
}
