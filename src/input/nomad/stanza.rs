//! A job file as a tree of stanzas, whichever of its syntaxes it is written in, with the place of each part. May use `text`.

use crate::text::Span;

/// A stanza: `KIND "LABEL" { … }`, or an object of JSON in its place.
#[derive(Debug, Clone, Default)]
pub(super) struct Stanza {
    /// Its keyword: `job`, `group`, `task`.
    pub(super) kind: String,
    /// Where the keyword is written.
    pub(super) kind_span: Span,
    /// Its labels, with their places.
    pub(super) labels: Vec<(String, Span)>,
    pub(super) attributes: Vec<Attribute>,
    pub(super) stanzas: Vec<Stanza>,
    /// All of it.
    pub(super) span: Span,
}

/// `NAME = EXPRESSION`.
#[derive(Debug, Clone)]
pub(super) struct Attribute {
    pub(super) name: String,
    pub(super) name_span: Span,
    pub(super) value: Expression,
}

/// An expression with its place.
#[derive(Debug, Clone)]
pub(super) struct Expression {
    pub(super) kind: ExpressionKind,
    pub(super) span: Span,
}

/// What an expression is.
#[derive(Debug, Clone)]
pub(super) enum ExpressionKind {
    Null,
    Bool(bool),
    Number(String),
    /// A text with what is put into it.
    Template(Vec<TemplatePart>),
    List(Vec<Expression>),
    Map(Vec<MapItem>),
    /// The first name of a reference: `var`, `local`, `attr`.
    Root(String),
    /// `.NAME` behind an expression.
    Member(Box<Expression>, String),
    /// `[INDEX]` behind an expression.
    Index(Box<Expression>, Box<Expression>),
    /// `CONDITION ? ONE : OTHER`.
    Conditional(Box<[Expression; 3]>),
    /// An operator between two expressions, as it is written.
    Binary(&'static str, Box<[Expression; 2]>),
    Not(Box<Expression>),
    Call(String, Vec<Expression>),
    /// Anything else, of which nothing is known: a loop, a splat.
    Other,
}

/// A part of a text.
#[derive(Debug, Clone)]
pub(super) enum TemplatePart {
    Text(String),
    Value(Expression),
    /// `%{ if … }`: the condition, and both texts.
    Choice(Box<(Expression, Vec<TemplatePart>, Vec<TemplatePart>)>),
    /// A loop, or something that takes blanks around it away.
    Other(Span),
}

/// A key of an object with its value.
#[derive(Debug, Clone)]
pub(super) struct MapItem {
    pub(super) key: Expression,
    pub(super) value: Expression,
}

impl Expression {
    /// A text without anything to put in.
    pub(super) fn text(text: impl Into<String>, span: Span) -> Self {
        Self { kind: ExpressionKind::Template(vec![TemplatePart::Text(text.into())]), span }
    }

    /// The dotted name that it is, as `var.image` or `attr.unique.network.ip-address`.
    pub(super) fn path(&self) -> Option<String> {
        match &self.kind {
            ExpressionKind::Root(name) => Some(name.clone()),
            ExpressionKind::Member(inner, name) => Some(format!("{}.{name}", inner.path()?)),
            _ => None,
        }
    }
}

impl Stanza {
    /// The first label, or nothing.
    pub(super) fn label(&self) -> &str {
        self.labels.first().map_or("", |(label, _)| label.as_str())
    }

    /// The attribute of a name.
    pub(super) fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// The stanzas of a kind.
    pub(super) fn all<'s>(&'s self, kind: &'s str) -> impl Iterator<Item = &'s Stanza> {
        self.stanzas.iter().filter(move |stanza| stanza.kind == kind)
    }

    /// The first stanza of a kind.
    pub(super) fn first(&self, kind: &str) -> Option<&Stanza> {
        self.stanzas.iter().find(|stanza| stanza.kind == kind)
    }

    /// Where the attributes of some names are written, the first one alone where something else stands between them; the
    /// stanza's keyword where there are none.
    pub(super) fn span_of_attributes(&self, names: &[&str]) -> Span {
        let own = |attribute: &Attribute| Span { end: attribute.value.span.end, ..attribute.name_span };
        let of_names = || self.attributes.iter().filter(|one| names.contains(&one.name.as_str())).map(own);
        let Some(first) = names.iter().find_map(|name| self.attribute(name)).map(own) else { return self.kind_span };
        let all = of_names().fold(first, |all, one| Span {
            start: all.start.min(one.start),
            end: all.end.max(one.end),
            ..all
        });
        let others = self.attributes.iter().filter(|one| !names.contains(&one.name.as_str())).map(own);
        let mut others = others.chain(self.stanzas.iter().map(|stanza| stanza.span));
        let is_between = others.any(|other| all.start <= other.start && other.start < all.end);
        if is_between || of_names().any(|one| one.file != all.file) { first } else { all }
    }

    /// The stanzas that are made of something else by `dynamic "KIND"`.
    pub(super) fn dynamic<'s>(&'s self, kind: &'s str) -> impl Iterator<Item = &'s Stanza> {
        self.all("dynamic").filter(move |stanza| stanza.label() == kind)
    }

    /// Where it is named: its label, or else its keyword.
    pub(super) fn name_span(&self) -> Span {
        self.labels.first().map_or(self.kind_span, |(_, span)| *span)
    }
}
