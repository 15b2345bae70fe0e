//! Attacks by what is read, each with the neighbour that is none.

mod output;
mod writing;
