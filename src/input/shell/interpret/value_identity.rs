//! Tells the values of variables apart that are not known. Uses `model` and `text`.

use std::cell::OnceCell;
use std::rc::Rc;

use crate::model::Parameter;
use crate::text::{FileId, Sources, TracedChar, TracedText};

/// Characters of a text that is told with its variable.
const ALTERNATIVE: usize = 64;

/// What two uses of a variable have in common where nothing sets it between them: whatever it holds, it is the same.
#[derive(Debug, Clone, Default)]
pub(super) struct ValueIdentity(Rc<OnceCell<(FileId, u32)>>);

impl PartialEq for ValueIdentity {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl ValueIdentity {
    /// A parameter, as it is written, as what holds this value: all uses of the value become equal words, and no use of
    /// another one does. It is named by where it is used first; a use that does not count is not kept as that.
    pub(super) fn name_parameter(
        &self,
        parameter: &Parameter,
        written: &TracedText,
        counts: bool,
        sources: &Sources,
    ) -> TracedText {
        let Some(here) = written.0.first().and_then(|first| first.at) else { return written.clone() };
        let (file, at) = match self.0.get() {
            Some(first) => *first,
            None if counts => *self.0.get_or_init(|| here),
            None => here,
        };
        let source = sources.get(file);
        let file_name = source.name().rsplit('/').next().unwrap_or_default();
        let file_name: String = file_name.chars().map(|ch| if is_plain(ch) { ch } else { '_' }).collect();
        let Parameter { name, op, rest, .. } = parameter;
        let line = source.position(at as usize).line;
        let then = if op.is_empty() { String::new() } else { format!(" {op}{rest}") };
        let mut text = TracedText::live(&format!("${{{name} at {file_name}:{line}{then}}}"));
        if let Some(first) = text.0.first_mut() {
            first.at = Some(here);
        }
        text
    }
}

/// A variable that holds a text or nothing, as modes of a volume are, in its other spelling: `${NAME:+text}`.
pub(super) fn as_alternative(parameter: &Parameter, text: &TracedText) -> Option<Parameter> {
    let is_told = |one: &TracedChar| !one.live && (is_plain(one.ch) || ":,=/".contains(one.ch));
    let fits = parameter.op.is_empty() && text.0.len() <= ALTERNATIVE && text.0.iter().all(is_told);
    fits.then(|| Parameter { op: ":+".to_owned(), rest: text.raw(), ..parameter.clone() })
}

fn is_plain(ch: char) -> bool {
    ch.is_alphanumeric() || "._-".contains(ch)
}
