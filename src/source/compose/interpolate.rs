//! Variables in values (Compose spec, "Interpolation"), and the values that are typed once they are replaced. Pure.
//! May use `text`.

use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;

use super::cast::cast;
use super::tree::{ITEM, Path, rebuilt, shown};
use crate::text::scalar::Kind;
use crate::text::yaml::{Data, Entry, Node, Scalar, Symbol};
use crate::text::{ShownText, Span, quotable, quoted};

/// How deep templates may stand in each other.
const MAX_DEPTH: usize = 64;
/// How long one text may become, in bytes. No kernel takes a variable of an eighth of it.
const MAX_TEXT: usize = 1024 * 1024;
/// How much text all that interpolation makes of one file may be, in bytes.
const MAX_TOTAL: usize = 32 * 1024 * 1024;

/// Where a variable is looked up in.
pub(super) trait Variables {
    /// Its value, if it is set.
    fn get(&self, name: &str) -> Option<&str>;

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
pub(super) struct Known<'a> {
    pub(super) variables: &'a BTreeMap<String, String>,
    /// The process's environment; `None` where its values may be shown.
    pub(super) hidden: Option<&'a BTreeMap<String, String>>,
}

impl Variables for Known<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
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

/// What a variable without a value becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unset {
    /// Nothing, as Compose has it; one that is required is refused.
    Empty,
    /// A symbol: it may be set where Compose runs.
    Symbol,
}

/// What interpolation found worth telling.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Variables without a value, with where each first stands.
    pub(super) unset: Vec<(String, Span)>,
    /// What Compose refuses, and where.
    pub(super) refused: Vec<(Span, String)>,
}

/// A template that Compose refuses.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// A `${` that begins no variable.
    Invalid,
    /// More than [`MAX_TEXT`], which Compose would not refuse.
    TooLong,
    /// A variable that the template insists on.
    Required {
        /// Its name.
        name: String,
        /// What the template says of it.
        reason: String,
    },
}

/// Interpolates every value of a tree and types what its place in a compose file demands; text that interpolation made
/// is otherwise no number and no null. Keys are left as they are, as Compose leaves them.
pub(super) fn tree(root: &Rc<Node>, variables: &dyn Variables, unset: Unset, told: &mut Told) -> Rc<Node> {
    Interpolation { variables, unset, told, known: HashSet::new(), total: 0 }.node(root, &mut Vec::new())
}

struct Interpolation<'a> {
    variables: &'a dyn Variables,
    unset: Unset,
    told: &'a mut Told,
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
                self.told.refused.push((node.span, Refused::TooLong.message(&shown(path))));
                return Rc::clone(node);
            }
            Err(refused) => {
                self.told.refused.push((node.span, refused.message(&shown(path))));
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
                    self.told.refused.push((node.span, message));
                    // What it would be is not known, so that nothing below tells it again.
                    let name = "not typed".to_owned();
                    new.text = format!("${{{name}}}");
                    new.symbols.push(Symbol { name, required: false });
                }
            }
        }
        rebuilt(node, Data::Scalar(new))
    }
}

impl Refused {
    /// Why the value at a path is refused.
    pub(super) fn message(&self, path: &str) -> String {
        match self {
            Self::Invalid => {
                format!("{path} has a `${{` that begins no variable; write `$$` for the character itself")
            }
            Self::TooLong => format!("{path} is too long once its variables are replaced"),
            // What the reason is made of may be secret; what is written is not.
            Self::Required { name, reason } if reason.split(' ').all(|word| quotable(word).is_some()) => {
                format!("{path} requires the variable {}, which has no value here: {reason}", quoted(name))
            }
            Self::Required { name, .. } => {
                format!("{path} requires the variable {}, which has no value here", quoted(name))
            }
        }
    }
}

/// A template with its variables replaced.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Expanded {
    pub(super) text: String,
    /// What stays as `${NAME}`.
    pub(super) symbols: Vec<Symbol>,
    /// Variables that are not set and have no default.
    pub(super) unset: Vec<String>,
    /// What is shown of the text, as a path and as anything else, once a value is part of it that is not shown.
    forms: Option<Box<(String, String)>>,
}

/// Replaces the variables of a template.
///
/// # Errors
/// Compose refuses the template. It looks into defaults that are not used, too.
pub(super) fn expand(text: &str, variables: &dyn Variables, unset: Unset) -> Result<Expanded, Refused> {
    let mut out = Expanded::default();
    out.template(text, &Lookup { variables, unset }, 0)?;
    Ok(out)
}

struct Lookup<'a> {
    variables: &'a dyn Variables,
    unset: Unset,
}

impl Expanded {
    /// What is shown of the text.
    pub(super) fn shown(&self) -> ShownText {
        let forms = self.forms.as_deref();
        forms.map_or_else(ShownText::default, |(path, word)| ShownText::new(&*self.text, path.clone(), word.clone()))
    }

    fn push(&mut self, text: &str) {
        self.text.push_str(text);
        if let Some(forms) = &mut self.forms {
            forms.0.push_str(text);
            forms.1.push_str(text);
        }
    }

    /// Appends text that is shown in other forms.
    fn push_forms(&mut self, text: &str, (path, word): (&str, &str)) {
        let forms = self.forms.get_or_insert_with(|| Box::new((self.text.clone(), self.text.clone())));
        forms.0.push_str(path);
        forms.1.push_str(word);
        self.text.push_str(text);
    }

    /// Appends the value of a variable.
    fn put(&mut self, name: &str, value: &str, lookup: &Lookup<'_>) {
        let form = format!("${{{name}}}");
        match lookup.variables.origin(name) {
            Origin::Open => self.push(value),
            Origin::Project => self.push_forms(value, (value, &form)),
            Origin::Process => self.push_forms(value, (&form, &form)),
        }
    }

    fn template(&mut self, text: &str, lookup: &Lookup<'_>, depth: usize) -> Result<(), Refused> {
        if depth > MAX_DEPTH {
            return Err(Refused::Invalid);
        }
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            if self.text.len() > MAX_TEXT {
                return Err(Refused::TooLong);
            }
            self.push(before);
            rest = match after.as_bytes().first() {
                Some(b'$') => {
                    self.push("$");
                    after.get(1..).unwrap_or("")
                }
                Some(b'{') => {
                    let (inner, rest) = braced(after).ok_or(Refused::Invalid)?;
                    self.substitution(inner, lookup, depth)?;
                    rest
                }
                _ => {
                    let (name, rest) = after.split_at(name_end(after));
                    if name.is_empty() {
                        self.push("$");
                    } else {
                        self.variable(name, lookup);
                    }
                    rest
                }
            };
        }
        self.push(rest);
        if self.text.len() > MAX_TEXT { Err(Refused::TooLong) } else { Ok(()) }
    }

    fn variable(&mut self, name: &str, lookup: &Lookup<'_>) {
        match lookup.variables.get(name) {
            Some(value) => self.put(name, value, lookup),
            None => self.unset(name, false, lookup),
        }
    }

    fn unset(&mut self, name: &str, required: bool, lookup: &Lookup<'_>) {
        self.unset.push(name.to_owned());
        if lookup.unset == Unset::Symbol {
            self.push(&format!("${{{name}}}"));
            self.symbols.push(Symbol { name: name.to_owned(), required });
        }
    }

    fn substitution(&mut self, inner: &str, lookup: &Lookup<'_>, depth: usize) -> Result<(), Refused> {
        let (name, operator) = inner.split_at(name_end(inner));
        let set = lookup.variables.get(name);
        let filled = set.filter(|value| !value.is_empty());
        let (strict, operator) = match operator.strip_prefix(':') {
            Some(operator) => (true, operator),
            None => (false, operator),
        };
        let value = if strict { filled } else { set };
        let mut letters = operator.chars();
        let letter = letters.next();
        let Some(letter) = letter else {
            self.variable(name, lookup);
            return Ok(());
        };
        // Compose looks at what follows the operator also where it does not need it.
        let mut word = Self::default();
        word.template(letters.as_str(), lookup, depth + 1)?;
        match (letter, value) {
            ('-', None) | ('+', Some(_)) => self.append(word),
            ('-' | '?', Some(value)) => self.put(name, value, lookup),
            ('?', None) if lookup.unset == Unset::Empty => {
                return Err(Refused::Required { name: name.to_owned(), reason: letters.as_str().to_owned() });
            }
            ('?', None) => self.unset(name, strict, lookup),
            _ => {}
        }
        Ok(())
    }

    fn append(&mut self, word: Self) {
        match &word.forms {
            Some(forms) => self.push_forms(&word.text, (&forms.0, &forms.1)),
            None => self.push(&word.text),
        }
        self.symbols.extend(word.symbols);
        self.unset.extend(word.unset);
    }
}

/// What stands between the braces that the text begins with, and what follows them. A variable with an operator ends
/// at the brace that closes it, or else at the last one of the line; one without ends at once.
fn braced(text: &str) -> Option<(&str, &str)> {
    let line = text.split('\n').next().unwrap_or("");
    let name = name_end(line.get(1..)?);
    let after = line.get(1 + name..)?;
    if name == 0 {
        return None;
    }
    let end = if after.starts_with('}') {
        1 + name
    } else if after.strip_prefix(':').unwrap_or(after).starts_with(['-', '+', '?']) {
        closing(line).or_else(|| line.rfind('}'))?
    } else {
        return None;
    };
    Some((text.get(1..end)?, text.get(end + 1..)?))
}

/// The brace that closes the one at the beginning. What directly follows an opening brace is not looked at, as in
/// Compose.
fn closing(text: &str) -> Option<usize> {
    let mut open = 0usize;
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'{' => {
                open += 1;
                bytes.next();
            }
            b'}' if open == 1 => return Some(at),
            b'}' => open = open.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// Where a variable's name ends: letters, digits and underscores, no digit first.
fn name_end(text: &str) -> usize {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return 0;
    }
    text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(template: &str, unset: Unset) -> Result<Expanded, Refused> {
        let variables = BTreeMap::from([("A".to_owned(), "a".to_owned()), ("E".to_owned(), String::new())]);
        expand(template, &variables, unset)
    }

    #[test]
    fn every_operator() {
        let cases = [
            ("$A-${A}", "a-a"),
            ("$$A", "$A"),
            ("${A:-x}${E:-x}${E-x}${U-x}${U:-x}", "axxx"),
            ("${A:+y}${E:+y}${E+y}${U+y}${U:+y}", "yy"),
            ("${A:?m}${A?m}${E?m}", "aa"),
            ("${U:-${A}/${V:-w}}", "a/w"),
            ("~/.claude", "~/.claude"),
            ("$ $1 $(x) $", "$ $1 $(x) $"),
            ("${U:-{x}", "{x"),
            ("${U:-{}}!", "{}!"),
            ("${U-a:-b}", "a:-b"),
            ("${U:-a} and ${U:-b}", "a and b"),
        ];
        for (template, wanted) in cases {
            assert_eq!(of(template, Unset::Empty).unwrap().text, wanted, "{template}");
        }
        for template in ["${", "${}", "${A", "${A!x}", "${A:}", "${1}", "${U:-\n}", "${A:-${}}"] {
            assert_eq!(of(template, Unset::Empty), Err(Refused::Invalid), "{template}");
        }
        for template in ["${U:?why}", "${U?why}", "${E:?why}", "${A:-${U?why}}"] {
            let wanted = if template.contains('E') { "E" } else { "U" };
            let Err(Refused::Required { name, reason }) = of(template, Unset::Empty) else { panic!("{template}") };
            assert_eq!((name.as_str(), reason.as_str()), (wanted, "why"));
        }
    }

    #[test]
    fn what_is_not_set_stays_in_a_review() {
        let out = of("/x/${U}/$V:${W:?why}", Unset::Symbol).unwrap();
        assert_eq!(out.text, "/x/${U}/${V}:${W}");
        let names: Vec<_> = out.symbols.iter().map(|symbol| (symbol.name.as_str(), symbol.required)).collect();
        assert_eq!(names, [("U", false), ("V", false), ("W", true)]);
        assert_eq!(of("/x/${U}/$V", Unset::Empty).unwrap().text, "/x//");
    }

    #[test]
    fn what_it_makes_is_bounded() {
        let variables = BTreeMap::from([("A".to_owned(), "x".repeat(1000))]);
        assert_eq!(expand(&"${A}".repeat(2000), &variables, Unset::Empty), Err(Refused::TooLong));
        assert_eq!(expand(&"${A}".repeat(1000), &variables, Unset::Empty).unwrap().text.len(), 1_000_000);
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = format!("{}x{}", "${U:-".repeat(10_000), "}".repeat(10_000));
        assert_eq!(of(&deep, Unset::Symbol), Err(Refused::Invalid));
    }
}
