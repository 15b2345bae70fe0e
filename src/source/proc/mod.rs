//! The kernel.

pub mod mountinfo;
mod text;
pub mod tree;
