//! HCL, in its second version (the syntax of HashiCorp's configuration files), to stanzas. The one home of its parser. Uses `stanza` and `text`.

use std::ops::Range;

use hcl_edit::Span as _;
use hcl_edit::expr::{Expression as Written, ObjectKey, TraversalOperator, UnaryOperator};
use hcl_edit::parser::parse_body;
use hcl_edit::structure::{Block, BlockLabel, Body, Structure};
use hcl_edit::template::{Directive, Element, Strip, Template};
use hcl_edit::visit::{self, Visit};

use super::stanza::{Attribute, Expression, ExpressionKind, MapItem, Stanza, TemplatePart};
use crate::text::{FileId, Pos, Span, positions_of};

/// The most keys that a file may have: the parser compares each key of an object with those before it.
const MAX_KEYS: usize = 8_000;

/// The most steps of one reference.
const MAX_STEPS: usize = 32;

/// Why a text is no HCL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HclError {
    /// What is wrong, without a part of the file in it.
    pub(super) message: String,
    pub(super) span: Span,
}

/// Parses a text; the parser itself bounds how deep it nests.
///
/// # Errors
/// The first thing that makes it no HCL.
pub(super) fn parse(file: FileId, text: &str) -> Result<Stanza, HclError> {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let converter = Converter { file, positions: positions_of(text), skipped: text.len() - body.len() };
    if body.bytes().filter(|byte| matches!(byte, b'=' | b':')).count() > MAX_KEYS {
        let message = "it is too large or too intricate to be read".to_owned();
        return Err(HclError { message, span: Span::file_start(file) });
    }
    match parse_body(body) {
        Ok(parsed) => Ok(converter.top(&parsed)),
        Err(error) => {
            let at = error.location().offset();
            let span = converter.span(Some(at..at));
            Err(HclError { message: format!("not valid HCL 2: {}", error.message()), span })
        }
    }
}

/// The comments of a text, each in bytes, from its first character on. Of a text that is no HCL there are none.
pub fn hcl_comments(text: &str) -> Vec<Range<usize>> {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let skipped = text.len() - body.len();
    let Ok(parsed) = parse_body(body) else { return Vec::new() };
    let mut texts = WrittenTexts::default();
    texts.visit_body(&parsed);
    let mut texts = texts.0;
    texts.sort_by_key(|range| range.start);
    let mut found = Vec::new();
    let (mut at, mut next) = (0, 0);
    while let Some(rest) = body.get(at..).filter(|rest| !rest.is_empty()) {
        while texts.get(next).is_some_and(|range| range.end <= at) {
            next += 1;
        }
        if let Some(inside) = texts.get(next).filter(|range| range.start <= at) {
            at = inside.end;
            continue;
        }
        let line = || rest.find('\n').unwrap_or(rest.len());
        let length = match () {
            () if rest.starts_with('#') || rest.starts_with("//") => line(),
            () if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            () => {
                at += rest.chars().next().map_or(1, char::len_utf8);
                continue;
            }
        };
        found.push(at + skipped..at + length + skipped);
        at += length;
    }
    found
}

/// Where texts stand, in which nothing is a comment.
#[derive(Default)]
struct WrittenTexts(Vec<Range<usize>>);

impl Visit for WrittenTexts {
    fn visit_expr(&mut self, node: &Written) {
        match node {
            Written::String(_) | Written::StringTemplate(_) | Written::HeredocTemplate(_) => {
                self.0.extend(node.span());
            }
            _ => visit::visit_expr(self, node),
        }
    }

    fn visit_block_label(&mut self, node: &BlockLabel) {
        self.0.extend(node.span());
    }
}

struct Converter {
    file: FileId,
    positions: Vec<Pos>,
    /// Bytes before the parsed text.
    skipped: usize,
}

impl Converter {
    fn span(&self, bytes: Option<Range<usize>>) -> Span {
        let Some(bytes) = bytes else { return Span::file_start(self.file) };
        let end = self.positions.last().copied().unwrap_or_default();
        let position = |byte: usize| self.positions.get(byte + self.skipped).copied().unwrap_or(end);
        Span { file: self.file, start: position(bytes.start), end: position(bytes.end) }
    }

    fn top(&self, body: &Body) -> Stanza {
        let mut top =
            Stanza { kind_span: Span::file_start(self.file), span: Span::file_start(self.file), ..Stanza::default() };
        self.add_body(body, &mut top);
        top
    }

    fn add_body(&self, body: &Body, stanza: &mut Stanza) {
        for structure in body {
            match structure {
                Structure::Attribute(attribute) => stanza.attributes.push(Attribute {
                    name: attribute.key.as_str().to_owned(),
                    name_span: self.span(attribute.key.span()),
                    value: self.expression(&attribute.value),
                }),
                Structure::Block(block) => stanza.stanzas.push(self.block(block)),
            }
        }
    }

    fn block(&self, block: &Block) -> Stanza {
        let label = |label: &BlockLabel| (label.as_str().to_owned(), self.span(label.span()));
        let mut stanza = Stanza {
            kind: block.ident.as_str().to_owned(),
            kind_span: self.span(block.ident.span()),
            labels: block.labels.iter().map(label).collect(),
            span: self.span(block.span()),
            ..Stanza::default()
        };
        self.add_body(&block.body, &mut stanza);
        stanza
    }

    fn boxed(&self, written: &Written) -> Box<Expression> {
        Box::new(self.expression(written))
    }

    fn expression(&self, written: &Written) -> Expression {
        let mut span = self.span(written.span());
        let kind = match written {
            Written::Null(_) => ExpressionKind::Null,
            Written::Bool(on) => ExpressionKind::Bool(**on),
            Written::Number(number) => ExpressionKind::Number(number.to_string()),
            Written::String(text) => ExpressionKind::Template(vec![TemplatePart::Text(text.to_string())]),
            Written::StringTemplate(template) => ExpressionKind::Template(self.template(template)),
            Written::HeredocTemplate(document) => {
                // The text alone, without the line that opens it.
                span = document.template.span().map_or(span, |bytes| self.span(Some(bytes)));
                ExpressionKind::Template(self.template(&document.template))
            }
            Written::Array(array) => ExpressionKind::List(array.iter().map(|item| self.expression(item)).collect()),
            Written::Object(object) => {
                let item = |(key, value): (&ObjectKey, &hcl_edit::expr::ObjectValue)| MapItem {
                    key: match key {
                        ObjectKey::Ident(name) => Expression::text(name.as_str(), self.span(name.span())),
                        ObjectKey::Expression(key) => self.expression(key),
                    },
                    value: self.expression(value.expr()),
                };
                ExpressionKind::Map(object.iter().map(item).collect())
            }
            Written::Parenthesis(inner) => return self.expression(inner.inner()),
            Written::Variable(name) => ExpressionKind::Root(name.as_str().to_owned()),
            Written::Conditional(choice) => ExpressionKind::Conditional(Box::new([
                self.expression(&choice.cond_expr),
                self.expression(&choice.true_expr),
                self.expression(&choice.false_expr),
            ])),
            Written::FuncCall(call) if call.name.is_namespaced() || call.args.expand_final() => ExpressionKind::Other,
            Written::FuncCall(call) => ExpressionKind::Call(
                call.name.name.as_str().to_owned(),
                call.args.iter().map(|argument| self.expression(argument)).collect(),
            ),
            Written::Traversal(traversal) if traversal.operators.len() > MAX_STEPS => ExpressionKind::Other,
            Written::Traversal(traversal) => {
                let mut inner = self.expression(&traversal.expr);
                for operator in &traversal.operators {
                    let kind = match operator.value() {
                        TraversalOperator::GetAttr(name) => {
                            ExpressionKind::Member(Box::new(inner), name.as_str().to_owned())
                        }
                        TraversalOperator::Index(index) => ExpressionKind::Index(Box::new(inner), self.boxed(index)),
                        TraversalOperator::LegacyIndex(number) => {
                            let number = Expression { kind: ExpressionKind::Number(number.to_string()), span };
                            ExpressionKind::Index(Box::new(inner), Box::new(number))
                        }
                        TraversalOperator::AttrSplat(_) | TraversalOperator::FullSplat(_) => ExpressionKind::Other,
                    };
                    inner = Expression { kind, span };
                }
                inner.kind
            }
            Written::UnaryOp(operation) if *operation.operator.value() == UnaryOperator::Not => {
                ExpressionKind::Not(self.boxed(&operation.expr))
            }
            Written::BinaryOp(operation) => ExpressionKind::Binary(
                operation.operator.value().as_str(),
                Box::new([self.expression(&operation.lhs_expr), self.expression(&operation.rhs_expr)]),
            ),
            Written::UnaryOp(_) | Written::ForExpr(_) => ExpressionKind::Other,
        };
        Expression { kind, span }
    }

    fn template(&self, template: &Template) -> Vec<TemplatePart> {
        template.iter().map(|element| self.template_part(element)).collect()
    }

    fn template_part(&self, element: &Element) -> TemplatePart {
        match element {
            Element::Literal(text) => TemplatePart::Text(text.to_string()),
            Element::Interpolation(put_in) if put_in.strip == Strip::None => {
                TemplatePart::Value(self.expression(&put_in.expr))
            }
            Element::Directive(directive) => match &**directive {
                Directive::If(choice) if is_unstripped(choice) => TemplatePart::Choice(Box::new((
                    self.expression(&choice.if_expr.cond_expr),
                    self.template(&choice.if_expr.template),
                    choice.else_expr.as_ref().map(|other| self.template(&other.template)).unwrap_or_default(),
                ))),
                Directive::If(_) | Directive::For(_) => TemplatePart::Other(self.span(element.span())),
            },
            Element::Interpolation(_) => TemplatePart::Other(self.span(element.span())),
        }
    }
}

/// Whether a choice leaves the blanks around it.
fn is_unstripped(choice: &hcl_edit::template::IfDirective) -> bool {
    choice.if_expr.strip == Strip::None
        && choice.endif_expr.strip == Strip::None
        && choice.else_expr.as_ref().is_none_or(|other| other.strip == Strip::None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Sources;

    #[test]
    fn parts_are_where_they_are_written() {
        let text =
            "\u{feff}# é\r\njob \"ä\" {\r\n  type = \"batch\"\r\n  data = <<-E\r\n    a ${var.x}\r\n  E\r\n}\r\n";
        let sources = Sources::default();
        let file = sources.add("x", text);
        let top = parse(file, text).unwrap();
        let source = sources.get(file);
        let job = &top.stanzas[0];
        assert_eq!((source.slice(job.kind_span), source.slice(job.labels[0].1)), ("job", "\"ä\""));
        assert_eq!(source.slice(job.attributes[0].name_span), "type");
        assert_eq!(source.slice(job.attributes[0].value.span), "\"batch\"");
        assert_eq!(source.slice(job.attributes[1].value.span).trim_end(), "    a ${var.x}");
        assert!(source.slice(job.span).starts_with("job") && source.slice(job.span).ends_with('}'));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place_and_nothing_of_the_file() {
        for (text, line) in
            [("job \"a\" {\n  x = sk-secret sk\n}\n", 2), ("a = 1\na = 2\n", 2), ("a = \"x", 1), ("{", 1)]
        {
            let error = parse(FileId::default(), text).unwrap_err();
            assert_eq!(error.span.start.line, line, "{text}");
            assert!(error.message.starts_with("not valid HCL 2: ") && !error.message.contains("secret"), "{error:?}");
        }
    }

    #[test]
    fn deep_and_long_texts_end() {
        let long = (0..9_000).map(|at| format!("k{at} = 1, ")).collect::<String>();
        let deep = ["[", "{a=", "(", "\"${", "-", "f(", "x ? "].map(|open| format!("a = {}", open.repeat(20_000)));
        let texts =
            deep.into_iter().chain(["a {\n".repeat(50_000), "%{if x}".repeat(20_000), format!("a = {{{long}}}")]);
        for text in texts {
            assert!(parse(FileId::default(), &text).is_err());
        }
        for step in [".b", "[0]", "[*]"] {
            assert!(parse(FileId::default(), &format!("a = x{}", step.repeat(50_000))).is_ok());
        }
    }

    #[test]
    fn comments_are_found_outside_of_texts() {
        let text =
            "# one\na = \"# no\" // two\nb \"//no\" { # three\n c = <<E\n# no\nE\n /* four\n */ d = [1, # five\n]\n}\n";
        let found: Vec<&str> = hcl_comments(text).into_iter().map(|range| &text[range]).collect();
        assert_eq!(found, ["# one", "// two", "# three", "/* four\n */", "# five"]);
        assert!(hcl_comments("{ # a").is_empty());
    }
}
