//! What a test asks: something known, one variable of the environment, or neither.
//! Uses `interpreter`, `shell_state` and `parse`.

use std::rc::Rc;

use super::exit_states::ExitStates;
use super::interpreter::Interpreter;
use super::shell_state::{BranchFact, ShellState};
use super::shell_word::ShellWord;
use super::users::is_other_than_root;
use crate::input::shell::parse::syntax::TestExpr;
use crate::model::{Asks, Condition, Inherits, Parameter, Test};
use crate::text::TracedText;

/// The result of a test.
pub(super) enum TestResult {
    Known(bool),
    /// It depends on one variable of the environment.
    Asks(Rc<Condition>),
    Unknown,
}

impl TestResult {
    pub(super) fn not(self) -> Self {
        match self {
            Self::Known(known) => Self::Known(!known),
            Self::Asks(condition) => Self::Asks(Rc::new(condition.opposite())),
            Self::Unknown => Self::Unknown,
        }
    }
}

impl Interpreter<'_> {
    pub(super) fn branch_facts(&mut self, asks: Option<Rc<Condition>>) -> [BranchFact; 2] {
        let site = self.next_site();
        let opposite = asks.as_ref().map(|condition| Rc::new(condition.opposite()));
        [BranchFact { site, side: true, asks }, BranchFact { site, side: false, asks: opposite }]
    }

    pub(super) fn run_test(&mut self, test: &TestExpr, mut state: ShellState) -> ExitStates {
        let answer = self.evaluate_test(test, &mut state);
        self.states_after(answer, state)
    }

    /// The states after a test.
    pub(super) fn states_after(&mut self, answer: TestResult, state: ShellState) -> ExitStates {
        match answer {
            TestResult::Known(true) => ExitStates::succeeded(state),
            TestResult::Known(false) => ExitStates { err: Some(state), ..ExitStates::default() },
            TestResult::Asks(condition) if self.asks_for_own_mark(&condition) => {
                self.states_after(TestResult::Known(matches!(condition.test.asks, Asks::IsNot(_))), state)
            }
            TestResult::Asks(condition) if self.answer_of(&condition, &state).is_some() => {
                let answer = self.answer_of(&condition, &state).is_some_and(|answer| answer);
                self.states_after(TestResult::Known(answer), state)
            }
            TestResult::Asks(condition) => {
                let [yes, no] = self.branch_facts(Some(condition));
                let mut exits = ExitStates::either_way(state);
                if let Some(ok) = &mut exits.ok {
                    ok.learn_fact(yes);
                }
                if let Some(err) = &mut exits.err {
                    err.learn_fact(no);
                }
                exits
            }
            TestResult::Unknown => ExitStates::either_way(state),
        }
    }

    /// The answer, where the environment that the script will run with gives it.
    fn answer_of(&self, condition: &Condition, state: &ShellState) -> Option<bool> {
        let decides = self.context.decides && state.inherits == Inherits::All;
        let value = (self.context.environment)(&condition.variable).filter(|_| decides)?;
        condition.test.holds(Some(&value))
    }

    /// Whether a variable is compared with the path of the script itself, and nothing outside is known to set it: a
    /// mark that a script leaves for itself when it runs itself again, as in flock(1).
    fn asks_for_own_mark(&self, condition: &Condition) -> bool {
        let (Asks::Is(value) | Asks::IsNot(value)) = &condition.test.asks else { return false };
        let own = self.inside.last().is_some_and(|inside| inside.path == *value)
            && condition.test.default.as_ref() != Some(value);
        own && (self.context.environment)(&condition.variable).is_none()
    }

    fn evaluate_test(&mut self, test: &TestExpr, state: &mut ShellState) -> TestResult {
        match test {
            TestExpr::Unary(operator, word) => {
                let word = self.expand_one(word, state);
                if self.finds_file(operator, &word, state) {
                    TestResult::Known(true)
                } else {
                    unary_test(operator, &word)
                }
            }
            TestExpr::Binary(left, operator, right) => {
                let left = self.expand_one(left, state);
                binary_test(&left, operator, &self.expand_one(right, state))
            }
            TestExpr::Bare(word) => unary_test("-n", &self.expand_one(word, state)),
            TestExpr::Not(inner) => self.evaluate_test(inner, state).not(),
            TestExpr::Other(blocks) => {
                self.run_substitutions(&TracedText::default(), blocks, state);
                TestResult::Unknown
            }
        }
    }
}

/// The answer to `test` with these words.
pub(super) fn test_words(words: &[ShellWord]) -> TestResult {
    match words {
        [] => TestResult::Known(false),
        [word] => unary_test("-n", word),
        [not, rest @ ..] if rest.len() < 4 && not.is_fixed() && not.raw() == "!" => test_words(rest).not(),
        [operator, word] => unary_test(&operator.raw(), word),
        [left, operator, right] => binary_test(left, &operator.raw(), right),
        _ => TestResult::Unknown,
    }
}

fn unary_test(operator: &str, word: &ShellWord) -> TestResult {
    let asks = match operator {
        "-n" => Asks::NotEmpty,
        "-z" => Asks::Empty,
        _ => return TestResult::Unknown,
    };
    if word.is_fixed() {
        return TestResult::Known(word.text.is_empty() == (asks == Asks::Empty));
    }
    if let Some(variable) = EnvironmentVariable::of(word) {
        return variable.asks(asks);
    }
    // `${NAME:+set}`.
    let parameter = Parameter::parse(&word.raw()).filter(|_| word.text.is_live());
    match parameter.filter(|parameter| matches!(parameter.op.as_str(), "+" | ":+")) {
        Some(parameter) => EnvironmentVariable { name: parameter.name, default: None }.asks(asks),
        None => TestResult::Unknown,
    }
}

fn binary_test(left: &ShellWord, operator: &str, right: &ShellWord) -> TestResult {
    match operator {
        "=" | "==" | "-eq" => compare_words(left, right, operator != "-eq"),
        "!=" | "-ne" => compare_words(left, right, operator != "-ne").not(),
        _ => ask_unclear(left),
    }
}

/// The answer to whether two words are equal; of `patterns`, one may be a pattern.
pub(super) fn compare_words(left: &ShellWord, right: &ShellWord, patterns: bool) -> TestResult {
    if patterns && left.is_fixed() && right.is_fixed() && right.raw().contains(['*', '?', '[', '|']) {
        return match_pattern(&left.raw(), right);
    }
    let (asked, other) = if left.is_fixed() { (right, left) } else { (left, right) };
    if !other.is_fixed() {
        return TestResult::Unknown;
    }
    let other = other.raw();
    let pattern = patterns && other.contains(['*', '?', '[', '|']);
    if is_other_than_root(asked, &other) {
        return TestResult::Known(false);
    }
    if asked.is_fixed() {
        return if pattern { TestResult::Unknown } else { TestResult::Known(asked.raw() == other) };
    }
    let Some(variable) = EnvironmentVariable::of(asked) else { return TestResult::Unknown };
    variable.asks(match other.as_str() {
        _ if pattern => Asks::Unclear,
        "" => Asks::Empty,
        _ => Asks::Is(other),
    })
}

/// Whether a text fits a pattern, where that is one of stars and plain characters.
fn match_pattern(text: &str, pattern: &ShellWord) -> TestResult {
    let (raw, written) = (pattern.raw(), pattern.source.raw());
    if raw.contains(['[', '|', '?', '\\', '(']) || written.contains(['"', '\'', '\\']) {
        return TestResult::Unknown;
    }
    let mut parts: Vec<&str> = raw.split('*').collect();
    let (first, last) = (parts.remove(0), parts.pop().unwrap_or(""));
    let rest = text.strip_prefix(first).and_then(|rest| rest.strip_suffix(last));
    let rest =
        parts.into_iter().try_fold(rest, |rest, part| rest.map(|rest| rest.split_once(part).map(|(_, rest)| rest)));
    TestResult::Known(rest.flatten().is_some())
}

/// The answer where something is asked about a word that is not understood.
pub(super) fn ask_unclear(word: &ShellWord) -> TestResult {
    EnvironmentVariable::of(word).map_or(TestResult::Unknown, |variable| variable.asks(Asks::Unclear))
}

/// A word that is one variable of the environment.
struct EnvironmentVariable {
    name: String,
    default: Option<String>,
}

impl EnvironmentVariable {
    fn of(word: &ShellWord) -> Option<Self> {
        if word.unclear || !word.text.is_live() {
            return None;
        }
        let parameter = Parameter::parse(&word.raw()).filter(|parameter| parameter.is_value() && !parameter.all)?;
        if !parameter.name.starts_with(|ch: char| ch.is_ascii_alphabetic() || ch == '_') {
            return None;
        }
        let default = match parameter.op.as_str() {
            "" | ":?" | "?" => None,
            _ if parameter.rest.contains(['$', '`', '\\']) => return None,
            _ => Some(parameter.rest.trim_matches(['"', '\'']).to_owned()).filter(|rest| !rest.is_empty()),
        };
        Some(Self { name: parameter.name, default })
    }

    fn asks(self, asks: Asks) -> TestResult {
        let test = Test { default: self.default, asks };
        TestResult::Asks(Rc::new(Condition { variable: self.name, test }))
    }
}
