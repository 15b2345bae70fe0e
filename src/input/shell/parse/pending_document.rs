//! A here-document that a line announces and whose text is on the lines after it. Uses `syntax`.

use std::rc::Rc;

use super::syntax::HereDocument;

/// A here-document whose text was not reached yet.
pub(super) struct PendingDocument {
    /// The line that ends it.
    pub(super) delimiter: String,
    /// Whether tabs before its lines are no part of it (`<<-`).
    pub(super) strips_tabs: bool,
    /// Whether nothing in it is expanded.
    pub(super) quoted: bool,
    pub(super) document: Rc<HereDocument>,
}
