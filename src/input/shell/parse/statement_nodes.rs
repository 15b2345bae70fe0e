//! The grammar's statement nodes, one after the other.
//! Uses `syntax`, `reshape` and `word_nodes`.

use std::rc::Rc;

use tree_sitter::Node;

use super::syntax::{
    AssignedValue, Assignment, Block, BlockItem, CaseArm, DeclareItem, ListOperator, SimpleCommand, Statement, TestExpr,
};
use super::{ChildNode, SyntaxBuilder, child_nodes, reshape};

impl SyntaxBuilder<'_> {
    /// The statements directly below a node.
    pub(crate) fn read_block_below(&mut self, node: Node<'_>) -> Block {
        self.read_block(&child_nodes(node))
    }

    fn read_block(&mut self, nodes: &[ChildNode<'_>]) -> Block {
        let mut block = Block::new();
        for (node, _) in nodes {
            if node.is_named() {
                if node.kind() != "comment" {
                    block.push(BlockItem { stmt: self.read_statement(*node), background: false });
                }
            } else if node.kind() == "&"
                && let Some(last) = block.last_mut()
            {
                last.background = true;
            }
        }
        block
    }

    fn read_statement(&mut self, node: Node<'_>) -> Statement {
        self.one_level_down(|builder| builder.read_statement_here(node)).unwrap_or(Statement::Unread)
    }

    fn read_boxed(&mut self, node: Option<Node<'_>>) -> Box<Statement> {
        Box::new(node.map_or(Statement::Unread, |node| self.read_statement(node)))
    }

    fn read_statement_here(&mut self, node: Node<'_>) -> Statement {
        match node.kind() {
            "command" => self.read_command(node),
            "list" => self.read_list(node),
            "pipeline" => reshape::regrouped_pipeline(
                named_children(node).into_iter().map(|part| self.read_statement(part)).collect(),
            ),
            "negated_command" => Statement::Not(self.read_boxed(named_children(node).first().copied())),
            "subshell" => Statement::Subshell(self.read_block_below(node)),
            "compound_statement" | "do_group" | "else_clause" if !is_arithmetic(node) => {
                Statement::Group(self.read_block_below(node))
            }
            "compound_statement" => Statement::Test(TestExpr::Other(self.read_substitutions(node))),
            "if_statement" => self.read_if(node),
            "while_statement" => self.read_while(node),
            "for_statement" => self.read_for(node),
            "c_style_for_statement" => {
                let body = node.child_by_field_name("body").map(|body| self.read_block_below(body)).unwrap_or_default();
                Statement::For { variable: None, words: Vec::new(), body }
            }
            "case_statement" => self.read_case(node),
            "function_definition" => self.read_function(node),
            "test_command" => self.read_test_command(node),
            "redirected_statement" => self.read_redirected(node),
            "declaration_command" => self.read_declaration(node),
            "unset_command" => {
                Statement::Unset(named_children(node).into_iter().map(|word| self.read_word(word)).collect())
            }
            "variable_assignment" | "variable_assignments" => {
                let nodes = if node.kind() == "variable_assignment" { vec![node] } else { named_children(node) };
                let assigns = nodes.into_iter().map(|assign| self.read_assignment(assign)).collect();
                Statement::Simple(SimpleCommand { assigns, ..SimpleCommand::default() })
            }
            // The text is reported as misread; what is in it may still run.
            "ERROR" => Statement::Group(self.read_block_below(node)),
            _ => Statement::Unread,
        }
    }

    fn read_command(&mut self, node: Node<'_>) -> Statement {
        let nodes = child_nodes(node);
        if let Some((subshell, _)) = nodes.iter().find(|(node, _)| node.kind() == "subshell") {
            let body = Box::new(self.read_statement(*subshell));
            let redirects = self.read_redirects(&nodes, &mut Vec::new());
            return Statement::Redirected { body, redirects };
        }
        let mut simple = SimpleCommand::default();
        for (at, (child, field)) in nodes.iter().enumerate() {
            match child.kind() {
                "variable_assignment" => simple.assigns.push(self.read_assignment(*child)),
                // The dollar sign of `$"text"`.
                "$" if nodes.get(at + 1).is_some_and(|(next, _)| touch_each_other(*child, *next)) => {}
                _ if matches!(*field, "name" | "argument") => simple.words.push(self.read_word(*child)),
                _ => {}
            }
        }
        let redirects = self.read_redirects(&nodes, &mut simple.words);
        reshape::add_redirects(Statement::Simple(simple), redirects, Vec::new())
    }

    fn read_list(&mut self, node: Node<'_>) -> Statement {
        let mut rest = Vec::new();
        let mut first = node;
        while first.kind() == "list" {
            let parts = child_nodes(first);
            let link =
                if parts.iter().any(|(part, _)| part.kind() == "||") { ListOperator::Or } else { ListOperator::And };
            let named = named_children(first);
            let (Some(left), Some(right)) = (named.first().copied(), named.get(1).copied()) else {
                return Statement::Unread;
            };
            rest.push((link, self.read_statement(right)));
            first = left;
        }
        rest.reverse();
        reshape::joined_list(self.read_statement(first), rest)
    }

    fn read_if(&mut self, node: Node<'_>) -> Statement {
        let nodes = child_nodes(node);
        let own = nodes.iter().position(is_other_arm).unwrap_or(nodes.len());
        let mut arms = vec![self.read_arm(nodes.get(..own).unwrap_or_default())];
        let mut otherwise = Block::new();
        for (child, _) in nodes.iter().filter(|child| is_other_arm(child)) {
            if child.kind() == "elif_clause" {
                arms.push(self.read_arm(&child_nodes(*child)));
            } else {
                otherwise = self.read_block_below(*child);
            }
        }
        Statement::If { arms, otherwise }
    }

    /// A condition and the block after `then`.
    fn read_arm(&mut self, nodes: &[ChildNode<'_>]) -> (Block, Block) {
        let then = nodes.iter().position(|(node, _)| node.kind() == "then").unwrap_or(nodes.len());
        let (condition, body) = nodes.split_at(then);
        (self.read_block(condition), self.read_block(body))
    }

    fn read_while(&mut self, node: Node<'_>) -> Statement {
        let nodes = child_nodes(node);
        let until = nodes.first().is_some_and(|(node, _)| node.kind() == "until");
        let split = nodes.iter().position(|(_, field)| *field == "body").unwrap_or(nodes.len());
        let condition = self.read_block(nodes.get(..split).unwrap_or_default());
        let body = node.child_by_field_name("body").map(|body| self.read_block_below(body)).unwrap_or_default();
        Statement::While { until, condition, body }
    }

    fn read_for(&mut self, node: Node<'_>) -> Statement {
        let variable = node.child_by_field_name("variable").map(|name| self.source.node_text(name).trim().to_owned());
        let values = child_nodes(node).into_iter().filter(|(_, field)| *field == "value");
        let words = values.map(|(value, _)| self.read_word(value)).collect();
        let body = node.child_by_field_name("body").map(|body| self.read_block_below(body)).unwrap_or_default();
        Statement::For { variable, words, body }
    }

    fn read_case(&mut self, node: Node<'_>) -> Statement {
        let subject = node.child_by_field_name("value").map(|value| self.read_word(value)).unwrap_or_default();
        let items = named_children(node).into_iter().filter(|item| item.kind() == "case_item");
        let arms = items
            .map(|item| {
                let nodes = child_nodes(item);
                let split = nodes.iter().position(|(node, _)| node.kind() == ")").unwrap_or(nodes.len());
                let (head, body) = nodes.split_at(split);
                let patterns = head.iter().filter(|(_, field)| *field == "value");
                CaseArm {
                    patterns: patterns.map(|(value, _)| self.read_word(*value)).collect(),
                    body: self.read_block(body),
                    falls: nodes.iter().any(|(_, field)| *field == "fallthrough"),
                }
            })
            .collect();
        Statement::Case { subject, arms }
    }

    fn read_function(&mut self, node: Node<'_>) -> Statement {
        let name =
            node.child_by_field_name("name").map(|name| self.source.node_text(name).to_owned()).unwrap_or_default();
        let body = self.read_boxed(node.child_by_field_name("body"));
        let redirects = self.read_redirects(&child_nodes(node), &mut Vec::new());
        let body = if redirects.is_empty() { *body } else { Statement::Redirected { body, redirects } };
        Statement::Function { name, body: Rc::new(body) }
    }

    fn read_redirected(&mut self, node: Node<'_>) -> Statement {
        let nodes = child_nodes(node);
        let mut words = Vec::new();
        let redirects = self.read_redirects(&nodes, &mut words);
        let body = node.child_by_field_name("body").map(|body| self.read_statement(body));
        let mut stmt =
            reshape::add_redirects(body.unwrap_or(Statement::Simple(SimpleCommand::default())), redirects, words);
        for (heredoc, _) in nodes.iter().filter(|(node, _)| node.kind() == "heredoc_redirect") {
            stmt = self.append_heredoc_line(stmt, *heredoc);
        }
        stmt
    }

    /// The rest of the line on which a here-document starts belongs to the statement, not to the document.
    fn append_heredoc_line(&mut self, stmt: Statement, heredoc: Node<'_>) -> Statement {
        let mut link = ListOperator::And;
        let mut result = stmt;
        for (child, field) in child_nodes(heredoc) {
            match (child.kind(), field) {
                ("||", _) => link = ListOperator::Or,
                ("pipeline", _) => {
                    let rest = named_children(child).into_iter().map(|part| self.read_statement(part));
                    result = reshape::regrouped_pipeline(std::iter::once(result).chain(rest).collect());
                }
                (_, "right") => {
                    let right = self.read_statement(child);
                    result = reshape::joined_list(result, vec![(link, right)]);
                }
                _ => {}
            }
        }
        result
    }

    fn read_declaration(&mut self, node: Node<'_>) -> Statement {
        let nodes = child_nodes(node);
        let keyword = nodes.first().map(|(node, _)| self.source.node_text(*node).to_owned()).unwrap_or_default();
        let items = named_children(node)
            .into_iter()
            .map(|item| match item.kind() {
                "variable_assignment" => DeclareItem::Assign(self.read_assignment(item)),
                _ => DeclareItem::Word(self.read_word(item)),
            })
            .collect();
        Statement::Declare { keyword, items }
    }

    fn read_assignment(&mut self, node: Node<'_>) -> Assignment {
        let name = node.child_by_field_name("name");
        let element = name.is_some_and(|name| name.kind() == "subscript");
        let name = name.map(|name| name.child_by_field_name("name").unwrap_or(name));
        let value = node.child_by_field_name("value");
        Assignment {
            name: name.map(|name| self.source.node_text(name).trim().to_owned()).unwrap_or_default(),
            append: child_nodes(node).iter().any(|(part, _)| part.kind() == "+="),
            element,
            value: match value {
                Some(array) if array.kind() == "array" => {
                    AssignedValue::List(named_children(array).into_iter().map(|word| self.read_word(word)).collect())
                }
                value => AssignedValue::Word(value.map(|value| self.read_word(value)).unwrap_or_default()),
            },
        }
    }

    fn read_test_command(&mut self, node: Node<'_>) -> Statement {
        let inner = named_children(node);
        match inner.as_slice() {
            [only] if !is_arithmetic(node) => Statement::Test(self.read_test(*only)),
            _ => Statement::Test(TestExpr::Other(self.read_substitutions(node))),
        }
    }

    fn read_test(&mut self, node: Node<'_>) -> TestExpr {
        let operator = node.child_by_field_name("operator").map(|node| self.source.node_text(node).trim().to_owned());
        let operand = |field: &str| node.child_by_field_name(field).filter(|operand| is_operand(*operand));
        match (node.kind(), operator.as_deref()) {
            ("unary_expression", Some("!")) => {
                let inner = named_children(node).into_iter().find(|inner| inner.kind() != "test_operator");
                let inner = inner.and_then(|inner| self.one_level_down(|builder| builder.read_test(inner)));
                TestExpr::Not(Box::new(inner.unwrap_or(TestExpr::Other(Vec::new()))))
            }
            ("unary_expression", Some(operator)) => {
                let inner = named_children(node).into_iter().rfind(|inner| inner.kind() != "test_operator");
                // The grammar takes a leading tilde for an operator.
                match inner.filter(|inner| is_operand(*inner) || self.source.node_text(*inner).trim().starts_with("~/"))
                {
                    Some(inner) => TestExpr::Unary(operator.to_owned(), self.read_word(inner)),
                    None => TestExpr::Other(self.read_substitutions(node)),
                }
            }
            ("binary_expression", Some(operator)) => match (operand("left"), operand("right")) {
                (Some(left), Some(right)) => {
                    TestExpr::Binary(self.read_word(left), operator.to_owned(), self.read_word(right))
                }
                _ => TestExpr::Other(self.read_substitutions(node)),
            },
            _ if is_operand(node) => TestExpr::Bare(self.read_word(node)),
            _ => TestExpr::Other(self.read_substitutions(node)),
        }
    }
}

fn named_children(node: Node<'_>) -> Vec<Node<'_>> {
    let nodes = child_nodes(node).into_iter().map(|(child, _)| child);
    nodes.filter(|child| child.is_named() && child.kind() != "comment").collect()
}

fn is_other_arm(child: &ChildNode<'_>) -> bool {
    matches!(child.0.kind(), "elif_clause" | "else_clause")
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

fn touch_each_other(left: Node<'_>, right: Node<'_>) -> bool {
    left.end_byte() == right.start_byte() && matches!(right.kind(), "string" | "raw_string")
}
