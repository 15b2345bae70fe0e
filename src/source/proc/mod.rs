//! The kernel.

pub mod mountinfo;
mod root;
mod text;
pub mod tree;
