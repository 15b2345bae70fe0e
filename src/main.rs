//! Streams and exit status.
fn main() {}
