//! Variables in values (Compose spec, "Interpolation"), and the values that are typed once they are replaced. Pure.
//! May use `model` and `text`.

use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;

use super::Refusal;
use super::cast::cast;
use super::schema::weight_at;
use super::tree::{ITEM, Path, rebuilt, shown};
use crate::model::{
    Binding, Dialect, Expanded, Expander, HandedVariables, Template, TemplateError, UnsetVariable, Value,
};
use crate::text::scalar::Kind;
use crate::text::yaml::{Data, Entry, Node, Scalar, Symbol};
use crate::text::{Span, quotable, quoted};

/// How long one text may become, in bytes. No kernel takes a variable of an eighth of it.
const MAX_TEXT: usize = 1024 * 1024;
/// How much text all that interpolation makes of one file may be, in bytes.
const MAX_TOTAL: usize = 32 * 1024 * 1024;

/// Where a variable is looked up in.
pub(super) trait Variables {
    /// Its value, if it is set.
    fn get(&self, name: &str) -> Option<&str>;

    /// Its value, where something that was read sets it, and it is not known whole or has values in it that are not shown.
    fn partly_shown(&self, _name: &str) -> Option<&Value> {
        None
    }

    /// Who set it, which decides where its value may be shown.
    fn origin(&self, _name: &str) -> Origin {
        Origin::Open
    }
}

/// Who set a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// Its value may be shown.
    Open,
    /// A file of the project: its value is shown where it is part of a path.
    Project,
    /// The process's environment: its value is not shown.
    Process,
}

/// The variables of a project, with the environment that some of them came from.
pub(super) struct KnownVariables<'a> {
    pub(super) variables: &'a BTreeMap<String, String>,
    /// The process's environment; `None` where its values may be shown.
    pub(super) hidden: Option<&'a BTreeMap<String, String>>,
    /// The variables that what calls Compose hands it; those that are known are among the others.
    pub(super) handed: &'a HandedVariables,
}

impl Variables for KnownVariables<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    fn partly_shown(&self, name: &str) -> Option<&Value> {
        let is_hidden = |value: &&Value| self.hidden.is_some() && !value.shown.is_plain();
        self.handed.get(name).filter(|value| value.is_symbolic() || is_hidden(value))
    }

    fn origin(&self, name: &str) -> Origin {
        let Some(hidden) = self.hidden else { return Origin::Open };
        match name {
            // The directory that the project is in, and what is named after it.
            "PWD" => Origin::Open,
            _ if hidden.get(name) == self.variables.get(name) => Origin::Process,
            "COMPOSE_PROJECT_NAME" => Origin::Open,
            _ => Origin::Project,
        }
    }
}

impl Variables for BTreeMap<String, String> {
    fn get(&self, name: &str) -> Option<&str> {
        self.get(name).map(String::as_str)
    }
}

/// What interpolation found worth telling.
#[derive(Debug, Default)]
pub(super) struct InterpolationNotes {
    /// Variables without a value, with where each first stands.
    pub(super) unset: Vec<(String, Span)>,
    /// What Compose refuses.
    pub(super) refused: Vec<Refusal>,
}

/// Interpolates every value of a tree and types what its place in a compose file demands; text that interpolation made
/// is otherwise no number and no null. Keys are left as they are, as Compose leaves them.
pub(super) fn tree(
    root: &Rc<Node>,
    variables: &dyn Variables,
    unset: UnsetVariable,
    told: &mut InterpolationNotes,
) -> Rc<Node> {
    Interpolation { variables, unset, told, known: HashSet::new(), total: 0 }.node(root, &mut Vec::new())
}

struct Interpolation<'a> {
    variables: &'a dyn Variables,
    unset: UnsetVariable,
    told: &'a mut InterpolationNotes,
    /// The variables without a value that are told already.
    known: HashSet<String>,
    /// How much text was made.
    total: usize,
}

impl Interpolation<'_> {
    fn node<'n>(&mut self, node: &'n Rc<Node>, path: &mut Path<'n>) -> Rc<Node> {
        match &node.data {
            Data::Scalar(scalar) if scalar.kind() == Kind::Text => self.scalar(node, scalar, path),
            Data::Scalar(_) => Rc::clone(node),
            Data::Seq(items) => {
                path.push(ITEM);
                let changed: Vec<Rc<Node>> = items.iter().map(|item| self.node(item, path)).collect();
                path.pop();
                let same = changed.iter().zip(items).all(|(new, old)| Rc::ptr_eq(new, old));
                if same { Rc::clone(node) } else { rebuilt(node, Data::Seq(changed)) }
            }
            Data::Map(entries) => {
                let mut same = true;
                let changed: Vec<Entry> = entries
                    .iter()
                    .map(|entry| {
                        path.push(&entry.key);
                        let value = self.node(&entry.value, path);
                        path.pop();
                        same &= Rc::ptr_eq(&value, &entry.value);
                        Entry { value, ..entry.clone() }
                    })
                    .collect();
                if same { Rc::clone(node) } else { rebuilt(node, Data::Map(changed)) }
            }
        }
    }

    fn scalar(&mut self, node: &Rc<Node>, scalar: &Scalar, path: &[&str]) -> Rc<Node> {
        let cast = cast(path);
        if cast.is_none() && !scalar.text.contains('$') {
            return Rc::clone(node);
        }
        let expanded = match expand(&scalar.text, self.variables, self.unset) {
            Ok(expanded) if self.total + expanded.text.len() <= MAX_TOTAL => expanded,
            Ok(_) => {
                self.refuse(node, path, refusal_text(&TemplateError::TooLong, &shown(path)));
                return Rc::clone(node);
            }
            Err(error) => {
                self.refuse(node, path, refusal_text(&error, &shown(path)));
                return Rc::clone(node);
            }
        };
        self.total += expanded.text.len();
        let forms = expanded.shown();
        for name in expanded.unset {
            if self.known.insert(name.clone()) {
                self.told.unset.push((name, node.span));
            }
        }
        let mut new = Scalar {
            text: expanded.text,
            plain: false,
            symbols: expanded.symbols,
            quoted: scalar.quoted,
            shown: forms,
        };
        if let Some(cast) = cast.filter(|_| new.symbols.is_empty()) {
            match cast.apply(&new.text) {
                Some(text) => {
                    let shown = new.shown.becomes(&text, str::to_owned);
                    new = Scalar { text, plain: true, shown, ..new };
                }
                None => {
                    let message = format!("{} is {}, and this is not", shown(path), cast.expected());
                    self.refuse(node, path, message);
                    // What it would be is not known, so that nothing below tells it again.
                    let name = "not typed".to_owned();
                    new.text = format!("${{{name}}}");
                    new.symbols.push(Symbol { name, required: false });
                }
            }
        }
        rebuilt(node, Data::Scalar(new))
    }

    /// Tells what Compose refuses of a value.
    fn refuse(&mut self, node: &Node, path: &[&str], message: String) {
        self.told.refused.push(Refusal::new(node.span, message).at_most(weight_at(path)));
    }
}

/// Why Compose refuses the value at a path, or why it is not read.
fn refusal_text(error: &TemplateError, path: &str) -> String {
    match error {
        TemplateError::TooLong => format!("{path} is too long once its variables are replaced"),
        // What the reason is made of may be secret; what is written is not.
        TemplateError::Required { name, reason } if reason.split(' ').all(|word| quotable(word).is_some()) => {
            format!("{path} requires the variable {}, which has no value here: {reason}", quoted(name))
        }
        TemplateError::Required { name, .. } => {
            format!("{path} requires the variable {}, which has no value here", quoted(name))
        }
        _ => format!("{path} has a `${{` that begins no variable; write `$$` for the character itself"),
    }
}

/// Replaces the variables of a template.
///
/// # Errors
/// Compose refuses the template. It looks into defaults that are not used, too.
pub(super) fn expand(text: &str, variables: &dyn Variables, unset: UnsetVariable) -> Result<Expanded, TemplateError> {
    let expander = Expander { lookup: &|name| bind(name, variables), unset, keeps_unknown: false, limit: MAX_TEXT };
    Template::parse(text, Dialect::COMPOSE)?.expand(expander)
}

fn bind<'v>(name: &str, variables: &'v dyn Variables) -> Binding<'v> {
    if let Some(value) = variables.partly_shown(name) {
        return Binding::Value(value);
    }
    match (variables.get(name), variables.origin(name)) {
        (None, _) => Binding::Unset,
        (Some(text), Origin::Open) => Binding::Text(text),
        (Some(text), origin) => Binding::Hidden { text, in_paths: origin == Origin::Process },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(template: &str, unset: UnsetVariable) -> Result<Expanded, TemplateError> {
        let variables = BTreeMap::from([("A".to_owned(), "a".to_owned()), ("E".to_owned(), String::new())]);
        expand(template, &variables, unset)
    }

    #[test]
    fn refusals_say_what_is_wrong() {
        for template in ["${", "${}", "${A", "${A!x}", "${A:}", "${1}", "${U:-\n}", "${A:-${}}"] {
            let error = of(template, UnsetVariable::Empty).unwrap_err();
            assert!(refusal_text(&error, "x").contains("begins no variable"), "{template}: {error:?}");
        }
        for template in ["${U:?why}", "${U?why}", "${E:?why}", "${A:-${U?why}}"] {
            let wanted = if template.contains('E') { "E" } else { "U" };
            let Err(TemplateError::Required { name, reason }) = of(template, UnsetVariable::Empty) else {
                panic!("{template}")
            };
            assert_eq!((name.as_str(), reason.as_str()), (wanted, "why"));
        }
    }

    #[test]
    fn what_it_makes_is_bounded() {
        let variables = BTreeMap::from([("A".to_owned(), "x".repeat(1000))]);
        assert_eq!(expand(&"${A}".repeat(2000), &variables, UnsetVariable::Empty), Err(TemplateError::TooLong));
        assert_eq!(expand(&"${A}".repeat(1000), &variables, UnsetVariable::Empty).unwrap().text.len(), 1_000_000);
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = format!("{}x{}", "${U:-".repeat(10_000), "}".repeat(10_000));
        assert_eq!(of(&deep, UnsetVariable::Symbol), Err(TemplateError::TooDeep));
    }
}
