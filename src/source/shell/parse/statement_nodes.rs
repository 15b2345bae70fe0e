//! The grammar's statement nodes, one after the other.
//! Uses `syntax` and its neighbour `words`.

use std::rc::Rc;

use tree_sitter::Node;

use super::syntax::{
    AssignedValue, Assignment, Block, BlockItem, CaseArm, DeclareItem, ListOperator, SimpleCommand, Statement, TestExpr,
};
use super::{ChildNode, SyntaxBuilder, children, reshape};

impl SyntaxBuilder<'_> {
    /// The statements directly below a node.
    pub(crate) fn block_of(&mut self, node: Node<'_>) -> Block {
        self.block(&children(node))
    }

    fn block(&mut self, nodes: &[ChildNode<'_>]) -> Block {
        let mut block = Block::new();
        for (node, _) in nodes {
            if node.is_named() {
                if node.kind() != "comment" {
                    block.push(BlockItem { stmt: self.statement(*node), background: false });
                }
            } else if node.kind() == "&"
                && let Some(last) = block.last_mut()
            {
                last.background = true;
            }
        }
        block
    }

    fn statement(&mut self, node: Node<'_>) -> Statement {
        self.deeper(|builder| builder.statement_here(node)).unwrap_or(Statement::Unread)
    }

    fn boxed(&mut self, node: Option<Node<'_>>) -> Box<Statement> {
        Box::new(node.map_or(Statement::Unread, |node| self.statement(node)))
    }

    fn statement_here(&mut self, node: Node<'_>) -> Statement {
        match node.kind() {
            "command" => self.command(node),
            "list" => self.list(node),
            "pipeline" => reshape::pipeline(named(node).into_iter().map(|part| self.statement(part)).collect()),
            "negated_command" => Statement::Not(self.boxed(named(node).first().copied())),
            "subshell" => Statement::Subshell(self.block_of(node)),
            "compound_statement" | "do_group" | "else_clause" if !is_arithmetic(node) => {
                Statement::Group(self.block_of(node))
            }
            "compound_statement" => Statement::Test(TestExpr::Other(self.substituted(node))),
            "if_statement" => self.branches(node),
            "while_statement" => self.repeat(node),
            "for_statement" => self.for_each(node),
            "c_style_for_statement" => {
                let body = node.child_by_field_name("body").map(|body| self.block_of(body)).unwrap_or_default();
                Statement::For { variable: None, words: Vec::new(), body }
            }
            "case_statement" => self.case(node),
            "function_definition" => self.function(node),
            "test_command" => self.test_command(node),
            "redirected_statement" => self.redirected(node),
            "declaration_command" => self.declaration(node),
            "unset_command" => Statement::Unset(named(node).into_iter().map(|word| self.word(word)).collect()),
            "variable_assignment" | "variable_assignments" => {
                let nodes = if node.kind() == "variable_assignment" { vec![node] } else { named(node) };
                let assigns = nodes.into_iter().map(|assign| self.assign(assign)).collect();
                Statement::Simple(SimpleCommand { assigns, ..SimpleCommand::default() })
            }
            // Said to be misread as a whole; what is in it may still run.
            "ERROR" => Statement::Group(self.block_of(node)),
            _ => Statement::Unread,
        }
    }

    fn command(&mut self, node: Node<'_>) -> Statement {
        let nodes = children(node);
        if let Some((subshell, _)) = nodes.iter().find(|(node, _)| node.kind() == "subshell") {
            let body = Box::new(self.statement(*subshell));
            let redirects = self.redirects(&nodes, &mut Vec::new());
            return Statement::Redirected { body, redirects };
        }
        let mut simple = SimpleCommand::default();
        for (at, (child, field)) in nodes.iter().enumerate() {
            match child.kind() {
                "variable_assignment" => simple.assigns.push(self.assign(*child)),
                // The dollar sign of `$"text"`.
                "$" if nodes.get(at + 1).is_some_and(|(next, _)| touches(*child, *next)) => {}
                _ if matches!(*field, "name" | "argument") => simple.words.push(self.word(*child)),
                _ => {}
            }
        }
        let redirects = self.redirects(&nodes, &mut simple.words);
        reshape::redirect(Statement::Simple(simple), redirects, Vec::new())
    }

    fn list(&mut self, node: Node<'_>) -> Statement {
        let mut rest = Vec::new();
        let mut first = node;
        while first.kind() == "list" {
            let parts = children(first);
            let link =
                if parts.iter().any(|(part, _)| part.kind() == "||") { ListOperator::Or } else { ListOperator::And };
            let named = named(first);
            let (Some(left), Some(right)) = (named.first().copied(), named.get(1).copied()) else {
                return Statement::Unread;
            };
            rest.push((link, self.statement(right)));
            first = left;
        }
        rest.reverse();
        reshape::list(self.statement(first), rest)
    }

    fn branches(&mut self, node: Node<'_>) -> Statement {
        let nodes = children(node);
        let clause = |child: &ChildNode<'_>| matches!(child.0.kind(), "elif_clause" | "else_clause");
        let own = nodes.iter().position(clause).unwrap_or(nodes.len());
        let mut arms = vec![self.arm(nodes.get(..own).unwrap_or_default())];
        let mut otherwise = Block::new();
        for (child, _) in nodes.iter().filter(|child| clause(child)) {
            if child.kind() == "elif_clause" {
                arms.push(self.arm(&children(*child)));
            } else {
                otherwise = self.block_of(*child);
            }
        }
        Statement::If { arms, otherwise }
    }

    /// A condition and what stands after `then`.
    fn arm(&mut self, nodes: &[ChildNode<'_>]) -> (Block, Block) {
        let then = nodes.iter().position(|(node, _)| node.kind() == "then").unwrap_or(nodes.len());
        let (condition, body) = nodes.split_at(then);
        (self.block(condition), self.block(body))
    }

    fn repeat(&mut self, node: Node<'_>) -> Statement {
        let nodes = children(node);
        let until = nodes.first().is_some_and(|(node, _)| node.kind() == "until");
        let split = nodes.iter().position(|(_, field)| *field == "body").unwrap_or(nodes.len());
        let condition = self.block(nodes.get(..split).unwrap_or_default());
        let body = node.child_by_field_name("body").map(|body| self.block_of(body)).unwrap_or_default();
        Statement::While { until, condition, body }
    }

    fn for_each(&mut self, node: Node<'_>) -> Statement {
        let variable = node.child_by_field_name("variable").map(|name| self.source.str(name).trim().to_owned());
        let values = children(node).into_iter().filter(|(_, field)| *field == "value");
        let words = values.map(|(value, _)| self.word(value)).collect();
        let body = node.child_by_field_name("body").map(|body| self.block_of(body)).unwrap_or_default();
        Statement::For { variable, words, body }
    }

    fn case(&mut self, node: Node<'_>) -> Statement {
        let subject = node.child_by_field_name("value").map(|value| self.word(value)).unwrap_or_default();
        let items = named(node).into_iter().filter(|item| item.kind() == "case_item");
        let arms = items
            .map(|item| {
                let nodes = children(item);
                let split = nodes.iter().position(|(node, _)| node.kind() == ")").unwrap_or(nodes.len());
                let (head, body) = nodes.split_at(split);
                let patterns = head.iter().filter(|(_, field)| *field == "value");
                CaseArm {
                    patterns: patterns.map(|(value, _)| self.word(*value)).collect(),
                    body: self.block(body),
                    falls: nodes.iter().any(|(_, field)| *field == "fallthrough"),
                }
            })
            .collect();
        Statement::Case { subject, arms }
    }

    fn function(&mut self, node: Node<'_>) -> Statement {
        let name = node.child_by_field_name("name").map(|name| self.source.str(name).to_owned()).unwrap_or_default();
        let body = self.boxed(node.child_by_field_name("body"));
        let redirects = self.redirects(&children(node), &mut Vec::new());
        let body = if redirects.is_empty() { *body } else { Statement::Redirected { body, redirects } };
        Statement::Function { name, body: Rc::new(body) }
    }

    fn redirected(&mut self, node: Node<'_>) -> Statement {
        let nodes = children(node);
        let mut words = Vec::new();
        let redirects = self.redirects(&nodes, &mut words);
        let body = node.child_by_field_name("body").map(|body| self.statement(body));
        let mut stmt = reshape::redirect(body.unwrap_or(Statement::Simple(SimpleCommand::default())), redirects, words);
        for (heredoc, _) in nodes.iter().filter(|(node, _)| node.kind() == "heredoc_redirect") {
            stmt = self.after_heredoc(stmt, *heredoc);
        }
        stmt
    }

    /// What stands on the line of a here-document's start belongs to the statement, not to the document.
    fn after_heredoc(&mut self, stmt: Statement, heredoc: Node<'_>) -> Statement {
        let mut link = ListOperator::And;
        let mut result = stmt;
        for (child, field) in children(heredoc) {
            match (child.kind(), field) {
                ("||", _) => link = ListOperator::Or,
                ("pipeline", _) => {
                    let rest = named(child).into_iter().map(|part| self.statement(part));
                    result = reshape::pipeline(std::iter::once(result).chain(rest).collect());
                }
                (_, "right") => {
                    let right = self.statement(child);
                    result = reshape::list(result, vec![(link, right)]);
                }
                _ => {}
            }
        }
        result
    }

    fn declaration(&mut self, node: Node<'_>) -> Statement {
        let nodes = children(node);
        let keyword = nodes.first().map(|(node, _)| self.source.str(*node).to_owned()).unwrap_or_default();
        let items = named(node)
            .into_iter()
            .map(|item| match item.kind() {
                "variable_assignment" => DeclareItem::Assign(self.assign(item)),
                _ => DeclareItem::Word(self.word(item)),
            })
            .collect();
        Statement::Declare { keyword, items }
    }

    fn assign(&mut self, node: Node<'_>) -> Assignment {
        let name = node.child_by_field_name("name");
        let element = name.is_some_and(|name| name.kind() == "subscript");
        let name = name.map(|name| name.child_by_field_name("name").unwrap_or(name));
        let value = node.child_by_field_name("value");
        Assignment {
            name: name.map(|name| self.source.str(name).trim().to_owned()).unwrap_or_default(),
            append: children(node).iter().any(|(part, _)| part.kind() == "+="),
            element,
            value: match value {
                Some(array) if array.kind() == "array" => {
                    AssignedValue::List(named(array).into_iter().map(|word| self.word(word)).collect())
                }
                value => AssignedValue::Word(value.map(|value| self.word(value)).unwrap_or_default()),
            },
        }
    }

    fn test_command(&mut self, node: Node<'_>) -> Statement {
        let inner = named(node);
        match inner.as_slice() {
            [only] if !is_arithmetic(node) => Statement::Test(self.test(*only)),
            _ => Statement::Test(TestExpr::Other(self.substituted(node))),
        }
    }

    fn test(&mut self, node: Node<'_>) -> TestExpr {
        let operator = node.child_by_field_name("operator").map(|node| self.source.str(node).trim().to_owned());
        let operand = |field: &str| node.child_by_field_name(field).filter(|operand| is_operand(*operand));
        match (node.kind(), operator.as_deref()) {
            ("unary_expression", Some("!")) => {
                let inner = named(node).into_iter().find(|inner| inner.kind() != "test_operator");
                let inner = inner.and_then(|inner| self.deeper(|builder| builder.test(inner)));
                TestExpr::Not(Box::new(inner.unwrap_or(TestExpr::Other(Vec::new()))))
            }
            ("unary_expression", Some(operator)) => {
                let inner = named(node).into_iter().rfind(|inner| inner.kind() != "test_operator");
                // The grammar takes a leading tilde for an operator.
                let tilde = |inner: Node<'_>| self.source.str(inner).trim().starts_with("~/");
                match inner.filter(|inner| is_operand(*inner) || tilde(*inner)) {
                    Some(inner) => TestExpr::Unary(operator.to_owned(), self.word(inner)),
                    None => TestExpr::Other(self.substituted(node)),
                }
            }
            ("binary_expression", Some(operator)) => match (operand("left"), operand("right")) {
                (Some(left), Some(right)) => TestExpr::Binary(self.word(left), operator.to_owned(), self.word(right)),
                _ => TestExpr::Other(self.substituted(node)),
            },
            _ if is_operand(node) => TestExpr::Bare(self.word(node)),
            _ => TestExpr::Other(self.substituted(node)),
        }
    }
}

fn named(node: Node<'_>) -> Vec<Node<'_>> {
    let nodes = children(node).into_iter().map(|(child, _)| child);
    nodes.filter(|child| child.is_named() && child.kind() != "comment").collect()
}

fn is_arithmetic(node: Node<'_>) -> bool {
    node.child(0).is_some_and(|first| first.kind() == "((")
}

fn is_operand(node: Node<'_>) -> bool {
    !matches!(
        node.kind(),
        "unary_expression"
            | "binary_expression"
            | "parenthesized_expression"
            | "postfix_expression"
            | "ternary_expression"
            | "redirected_statement"
    )
}

fn touches(left: Node<'_>, right: Node<'_>) -> bool {
    left.end_byte() == right.start_byte() && matches!(right.kind(), "string" | "raw_string")
}
