//! What a test asks: something known, one variable of the environment, or neither.
//! Uses `interpreter`, `shell_state` and `parse`.

use std::rc::Rc;

use super::exit_states::ExitStates;
use super::interpreter::Interpreter;
use super::shell_state::{BranchFact, ShellState};
use super::shell_word::ShellWord;
use super::users::is_other_than_root;
use crate::input::shell::parse::syntax::{TestExpr, UnexpandedWord, WordPart};
use crate::model::{Asks, Condition, Inherits, Parameter, Test, VariableState, Word};
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
            TestResult::Unknown => {
                let [yes, no] = self.branch_facts(None);
                ExitStates { ok: Some(state.clone().with_fact(yes)), err: Some(state.with_fact(no)), soft: None }
            }
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

    /// A word of a test, with the environment put in where that decides.
    fn expand_tested(&mut self, word: &UnexpandedWord, state: &mut ShellState) -> ShellWord {
        let [WordPart::Param { param, .. }] = word.parts.as_slice() else {
            let word = self.expand_one(word, state);
            return self.settled(&word, state);
        };
        let change: fn(&str) -> String = match (param.op.as_str(), param.rest.as_str()) {
            (",", ",") => str::to_lowercase,
            ("^", "^") => str::to_uppercase,
            _ => {
                let word = self.expand_one(word, state);
                return self.settled(&word, state);
            }
        };
        let value = self.value_of(&param.name, state);
        let value = self.settled(&value, state);
        if value.is_fixed() {
            return value.with_text(&change(&value.raw()));
        }
        // What a text in other letters is asked is a question to its variable all the same.
        ShellWord { changes_case: true, ..value }
    }

    /// The value of a variable as a word.
    fn value_of(&mut self, name: &str, state: &mut ShellState) -> ShellWord {
        let raw = TracedText::live(&format!("${{{name}}}"));
        let part =
            WordPart::Param { param: Parameter::named(name), raw: raw.clone(), quoted: true, blocks: Vec::new() };
        self.expand_one(&UnexpandedWord { parts: vec![part], source: raw, subscript: None }, state)
    }

    /// A word that is one variable of the environment, as the text that this is, where the environment decides.
    pub(super) fn settled(&self, word: &ShellWord, state: &ShellState) -> ShellWord {
        let known = || {
            let variable = EnvironmentVariable::of(word)?;
            let decides = self.context.decides && state.inherits == Inherits::All && state.taken.is_empty();
            let value = (self.context.environment)(&variable.name).filter(|_| decides)?;
            Some(if value.is_empty() { variable.default.unwrap_or_default() } else { value })
        };
        // Several variables, all of them known, are a text too.
        let whole = || {
            let decides = self.context.decides && state.inherits == Inherits::All && state.taken.is_empty();
            let value = |name: &str| self.environment_value(name).map_or(VariableState::Unknown, VariableState::Set);
            let is_open = decides && !word.unclear && !word.text.is_fixed();
            is_open.then(|| Word::of_traced(&word.text).expand(&value)).flatten()
        };
        known().or_else(whole).map_or_else(|| word.clone(), |text| word.with_text(&text))
    }

    /// `(( ))` around one variable or number, or a comparison of two.
    fn evaluate_arithmetic(&mut self, text: &str, state: &mut ShellState) -> TestResult {
        let text = text.trim();
        if let Some(inner) = text.strip_prefix('!').filter(|inner| !inner.starts_with('=')) {
            return self.evaluate_arithmetic(inner, state).not();
        }
        let compared = COMPARISONS.iter().find_map(|operator| Some((text.split_once(operator)?, *operator)));
        let ((left, right), operator) = compared.unwrap_or(((text, "0"), "!="));
        let [Some(left), Some(right)] = [left, right].map(|operand| self.arithmetic_operand(operand, state)) else {
            return TestResult::Unknown;
        };
        let numbers = (left.raw().parse::<i64>(), right.raw().parse::<i64>());
        match (operator, numbers) {
            (_, (Ok(one), Ok(other))) if left.is_fixed() && right.is_fixed() => {
                TestResult::Known(compare_numbers(one, operator, other))
            }
            ("==", _) => binary_test(&left, "-eq", &right),
            ("!=", _) => binary_test(&left, "-ne", &right),
            _ => ask_unclear(&left),
        }
    }

    /// A number, or a variable that holds one; one that is not set counts as nought.
    fn arithmetic_operand(&mut self, text: &str, state: &mut ShellState) -> Option<ShellWord> {
        let text = text.trim();
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(ShellWord::plain(text));
        }
        let name = text.strip_prefix("${").and_then(|name| name.strip_suffix('}')).unwrap_or(text);
        let name = name.strip_prefix('$').unwrap_or(name);
        let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if name.is_empty() || !is_name || name.starts_with(|ch: char| ch.is_ascii_digit()) {
            return None;
        }
        let value = self.value_of(name, state);
        let value = self.settled(&value, state);
        Some(if value.is_fixed() && value.text.is_empty() { ShellWord::plain("0") } else { value })
    }

    fn evaluate_test(&mut self, test: &TestExpr, state: &mut ShellState) -> TestResult {
        match test {
            TestExpr::Unary(operator, word) => {
                let word = self.expand_tested(word, state);
                if self.finds_file(operator, &word, state) {
                    TestResult::Known(true)
                } else {
                    unary_test(operator, &word)
                }
            }
            TestExpr::Binary(left, operator, right) => {
                let left = self.expand_tested(left, state);
                let right = self.expand_tested(right, state);
                binary_test(&left, operator, &right)
            }
            TestExpr::Bare(word) => unary_test("-n", &self.expand_tested(word, state)),
            TestExpr::Arithmetic(expression, blocks) => {
                self.run_substitutions(&TracedText::default(), blocks, state);
                self.evaluate_arithmetic(expression, state)
            }
            TestExpr::Not(inner) => self.evaluate_test(inner, state).not(),
            TestExpr::Other(blocks) => {
                self.run_substitutions(&TracedText::default(), blocks, state);
                TestResult::Unknown
            }
        }
    }
}

/// Comparisons of arithmetic; longer ones come first.
const COMPARISONS: [&str; 6] = ["==", "!=", "<=", ">=", "<", ">"];

fn compare_numbers(left: i64, operator: &str, right: i64) -> bool {
    match operator {
        "==" => left == right,
        "!=" => left != right,
        "<=" => left <= right,
        ">=" => left >= right,
        "<" => left < right,
        _ => left > right,
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
        "=~" => fits_expression(left, right),
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
        _ if pattern || asked.changes_case => Asks::Unclear,
        "" => Asks::Empty,
        _ => Asks::Is(other),
    })
}

/// The answer to whether a word is one of those that a regular expression lists: `^(a|b)$`.
fn fits_expression(word: &ShellWord, expression: &ShellWord) -> TestResult {
    let listed = || {
        let text = expression.is_fixed().then(|| expression.raw())?;
        let inner = text.strip_prefix('^')?.strip_suffix('$')?;
        let inner = inner.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(inner);
        let is_plain = |ch: char| ch.is_ascii_alphanumeric() || matches!(ch, '_' | '-' | '/' | ' ');
        let values: Vec<String> = inner.split('|').map(str::to_owned).collect();
        values.iter().all(|value| value.chars().all(is_plain)).then_some(values)
    };
    match listed() {
        Some(values) if word.is_fixed() => TestResult::Known(values.contains(&word.raw())),
        Some(values) => ask_one_of(word, values),
        None => ask_unclear(word),
    }
}

/// Whether a word that is known fits one of several patterns; `None` where that is not clear.
pub(super) fn fits_any(word: &ShellWord, patterns: &[ShellWord]) -> Option<bool> {
    let mut clear = true;
    for pattern in patterns {
        match compare_words(word, pattern, true) {
            TestResult::Known(true) => return Some(true),
            TestResult::Known(false) => {}
            TestResult::Asks(_) | TestResult::Unknown => clear = false,
        }
    }
    clear.then_some(false)
}

/// The question whether a variable is one of several words; `None` where one of these is a pattern.
pub(super) fn one_of_words(asked: &ShellWord, words: &[ShellWord]) -> Option<TestResult> {
    let plain = |word: &ShellWord| {
        let raw = word.raw();
        (word.is_fixed() && !raw.is_empty() && !raw.contains(['*', '?', '[', '|'])).then_some(raw)
    };
    let values: Option<Vec<String>> = words.iter().map(plain).collect();
    values.map(|values| ask_one_of(asked, values))
}

fn ask_one_of(word: &ShellWord, values: Vec<String>) -> TestResult {
    match EnvironmentVariable::of(word) {
        Some(_) if word.changes_case => ask_unclear(word),
        Some(variable) => variable.asks(Asks::OneOf(values)),
        None => TestResult::Unknown,
    }
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
