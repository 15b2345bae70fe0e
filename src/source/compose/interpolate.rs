//! Variables in values, with all of Compose's operators (Compose spec, "Interpolation"). Pure. May use `text`.

use std::rc::Rc;

use crate::text::Span;
use crate::text::yaml::{Data, Entry, Node, Scalar, Symbol};

/// How deep defaults may nest.
const MAX_DEPTH: usize = 32;

/// What a variable is looked up in.
pub(super) trait Variables {
    /// Its value, if it is set.
    fn get(&self, name: &str) -> Option<&str>;
}

/// What interpolation found worth telling.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Variables without a value, with where each first stands.
    pub(super) unset: Vec<(String, Span)>,
    /// Templates that Compose refuses.
    pub(super) invalid: Vec<Span>,
}

/// Interpolates every value of a tree; what it makes is text and no longer a number or null. Keys are left as they are, as Compose leaves them.
pub(super) fn tree(node: &Rc<Node>, variables: &dyn Variables, told: &mut Told) -> Rc<Node> {
    let data = match &node.data {
        Data::Scalar(scalar) if scalar.text.contains('$') => match expand(&scalar.text, variables) {
            Ok((text, symbols)) => {
                for symbol in &symbols {
                    if !told.unset.iter().any(|(name, _)| *name == symbol.name) {
                        told.unset.push((symbol.name.clone(), node.span));
                    }
                }
                Data::Scalar(Scalar { text, plain: false, symbols })
            }
            Err(Invalid) => {
                told.invalid.push(node.span);
                return Rc::clone(node);
            }
        },
        Data::Scalar(_) => return Rc::clone(node),
        Data::Seq(items) => Data::Seq(items.iter().map(|item| tree(item, variables, told)).collect()),
        Data::Map(entries) => {
            let entry = |entry: &Entry| Entry { value: tree(&entry.value, variables, told), ..entry.clone() };
            Data::Map(entries.iter().map(entry).collect())
        }
    };
    let mut new = Node::new(node.span, data);
    new.tag.clone_from(&node.tag);
    Rc::new(new)
}

/// A template that Compose refuses.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Invalid;

/// The text with its variables replaced, and those that stay as `${NAME}`.
pub(super) fn expand(text: &str, variables: &dyn Variables) -> Result<(String, Vec<Symbol>), Invalid> {
    let mut out = Expanded::default();
    out.template(text, variables, 0)?;
    Ok((out.text, out.symbols))
}

#[derive(Default)]
struct Expanded {
    text: String,
    symbols: Vec<Symbol>,
}

impl Expanded {
    fn template(&mut self, text: &str, variables: &dyn Variables, depth: usize) -> Result<(), Invalid> {
        if depth > MAX_DEPTH {
            return Err(Invalid);
        }
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            self.text.push_str(before);
            if let Some(after) = after.strip_prefix('$') {
                self.text.push('$');
                rest = after;
            } else if let Some(after) = after.strip_prefix('{') {
                let end = closing(after).ok_or(Invalid)?;
                let (inner, after) = (after.get(..end).ok_or(Invalid)?, after.get(end + 1..).ok_or(Invalid)?);
                self.braced(inner, variables, depth)?;
                rest = after;
            } else {
                let end = name_end(after);
                let (name, after) = after.split_at(end);
                if name.is_empty() {
                    return Err(Invalid);
                }
                self.plain(name, variables);
                rest = after;
            }
        }
        self.text.push_str(rest);
        Ok(())
    }

    fn plain(&mut self, name: &str, variables: &dyn Variables) {
        match variables.get(name) {
            Some(value) => self.text.push_str(value),
            None => self.symbol(name, false),
        }
    }

    fn symbol(&mut self, name: &str, required: bool) {
        self.text.push_str(&format!("${{{name}}}"));
        self.symbols.push(Symbol { name: name.to_owned(), required });
    }

    fn braced(&mut self, inner: &str, variables: &dyn Variables, depth: usize) -> Result<(), Invalid> {
        let (name, operator) = inner.split_at(name_end(inner));
        if name.is_empty() {
            return Err(Invalid);
        }
        let set = variables.get(name);
        let filled = set.filter(|value| !value.is_empty());
        let mut operator = operator.chars();
        let strict = operator.as_str().starts_with(':');
        if strict {
            operator.next();
        }
        let value = if strict { filled } else { set };
        match (operator.next(), value) {
            (None, _) if !strict => self.plain(name, variables),
            (Some('-'), None) | (Some('+'), Some(_)) => self.template(operator.as_str(), variables, depth + 1)?,
            (Some('-' | '?'), Some(value)) => self.text.push_str(value),
            (Some('+'), None) => {}
            (Some('?'), None) => self.symbol(name, strict),
            _ => return Err(Invalid),
        }
        Ok(())
    }
}

/// Where a variable's name ends: letters, digits and underscores, no digit first.
fn name_end(text: &str) -> usize {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return 0;
    }
    text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len())
}

/// The brace that closes the one before the text.
fn closing(text: &str) -> Option<usize> {
    let mut open = 0usize;
    let mut previous = ' ';
    for (at, character) in text.char_indices() {
        match character {
            '{' if previous == '$' => open += 1,
            '}' if open == 0 => return Some(at),
            '}' => open -= 1,
            _ => {}
        }
        previous = character;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Of(&'static [(&'static str, &'static str)]);

    impl Variables for Of {
        fn get(&self, name: &str) -> Option<&str> {
            self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
        }
    }

    #[test]
    fn every_operator() {
        let variables = Of(&[("A", "a"), ("E", "")]);
        let cases = [
            ("$A-${A}", "a-a"),
            ("$$A", "$A"),
            ("${A:-x}${E:-x}${E-x}${U-x}${U:-x}", "axxx"),
            ("${A:+y}${E:+y}${E+y}${U+y}${U:+y}", "yy"),
            ("${A:?m}${A?m}${E?m}", "aa"),
            ("${U:-${A}/${V:-w}}", "a/w"),
            ("~/.claude", "~/.claude"),
        ];
        for (template, wanted) in cases {
            assert_eq!(expand(template, &variables).unwrap().0, wanted, "{template}");
        }
        for template in ["$", "${", "${}", "${A", "$1", "$(x)", "${A!x}", "${A:}"] {
            assert_eq!(expand(template, &variables), Err(Invalid), "{template}");
        }
    }

    #[test]
    fn what_is_not_set_stays() {
        let (text, symbols) = expand("/x/${U}/$V:${W:?why}", &Of(&[])).unwrap();
        assert_eq!(text, "/x/${U}/${V}:${W}");
        let names: Vec<_> = symbols.iter().map(|symbol| (symbol.name.as_str(), symbol.required)).collect();
        assert_eq!(names, [("U", false), ("V", false), ("W", true)]);
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = format!("{}x{}", "${U:-".repeat(10_000), "}".repeat(10_000));
        assert_eq!(expand(&deep, &Of(&[])), Err(Invalid));
    }
}
