//! Attacks by what is read, each with the neighbour that is none.

mod git;
mod killed;
mod output;
mod silencing;
mod writing;
