//! What a test asks: something known, one variable of the environment, or neither.
//! Uses `walk`, `state` and `syntax`.

use super::glyph::Word;
use super::outcome::Outcome;
use super::state::{Fact, State};
use super::syntax::{self, Param};
use super::walk::Walker;
use crate::model::{Asks, Test};

/// What a test comes to.
pub(super) enum Answer {
    Known(bool),
    /// It hangs on one variable of the environment.
    Asks(String, Test),
    Unknown,
}

impl Answer {
    pub(super) fn not(self) -> Self {
        match self {
            Self::Known(known) => Self::Known(!known),
            Self::Asks(name, test) => Self::Asks(name, test.opposite()),
            Self::Unknown => Self::Unknown,
        }
    }
}

impl Walker<'_> {
    pub(super) fn fact(&mut self, asks: Option<(String, Test)>) -> [Fact; 2] {
        let site = self.site();
        let opposite = asks.clone().map(|(name, test)| (name, test.opposite()));
        [Fact { site, side: true, asks }, Fact { site, side: false, asks: opposite }]
    }

    pub(super) fn test(&mut self, test: &syntax::Test, mut state: State) -> Outcome {
        let answer = self.ask(test, &mut state);
        self.answered(answer, state)
    }

    /// The ways on from an answer.
    pub(super) fn answered(&mut self, answer: Answer, state: State) -> Outcome {
        match answer {
            Answer::Known(true) => Outcome::ok(state),
            Answer::Known(false) => Outcome { err: Some(state), ..Outcome::default() },
            Answer::Asks(name, test) if self.asks_for_itself(&name, &test) => {
                self.answered(Answer::Known(matches!(test.asks, Asks::IsNot(_))), state)
            }
            Answer::Asks(name, test) => {
                let [yes, no] = self.fact(Some((name, test)));
                let mut outcome = Outcome::either(state);
                if let Some(ok) = &mut outcome.ok {
                    ok.learn(yes);
                }
                if let Some(err) = &mut outcome.err {
                    err.learn(no);
                }
                outcome
            }
            Answer::Unknown => Outcome::either(state),
        }
    }

    /// Whether a variable is compared with the path of the script itself, and nothing outside is known to set it: a
    /// mark that a script leaves for itself when it runs itself again, as in flock(1).
    fn asks_for_itself(&self, name: &str, test: &Test) -> bool {
        let (Asks::Is(value) | Asks::IsNot(value)) = &test.asks else { return false };
        let own = self.inside.last().is_some_and(|path| path == value) && test.default.as_ref() != Some(value);
        own && (self.setting.lookup)(name).is_none()
    }

    fn ask(&mut self, test: &syntax::Test, state: &mut State) -> Answer {
        match test {
            syntax::Test::Unary(operator, word) => {
                let word = self.expand_one(word, state);
                if self.stands(operator, &word, state) { Answer::Known(true) } else { unary(operator, &word) }
            }
            syntax::Test::Binary(left, operator, right) => {
                let left = self.expand_one(left, state);
                binary(&left, operator, &self.expand_one(right, state))
            }
            syntax::Test::Bare(word) => unary("-n", &self.expand_one(word, state)),
            syntax::Test::Not(inner) => self.ask(inner, state).not(),
            syntax::Test::Other(blocks) => {
                self.substitute(blocks, state);
                Answer::Unknown
            }
        }
    }
}

/// The answer to `test` with these words.
pub(super) fn test_words(words: &[Word]) -> Answer {
    match words {
        [] => Answer::Known(false),
        [word] => unary("-n", word),
        [not, rest @ ..] if rest.len() < 4 && not.is_fixed() && not.raw() == "!" => test_words(rest).not(),
        [operator, word] => unary(&operator.raw(), word),
        [left, operator, right] => binary(left, &operator.raw(), right),
        _ => Answer::Unknown,
    }
}

fn unary(operator: &str, word: &Word) -> Answer {
    let asks = match operator {
        "-n" => Asks::NotEmpty,
        "-z" => Asks::Empty,
        _ => return Answer::Unknown,
    };
    if word.is_fixed() {
        return Answer::Known(word.text.is_empty() == (asks == Asks::Empty));
    }
    let set =
        || Param::parse(&word.raw()).filter(|param| word.text.is_live() && matches!(param.op.as_str(), "+" | ":+"));
    match variable(word).or_else(|| set().map(|param| (param.name, None))) {
        Some((name, default)) => Answer::Asks(name, Test { default, asks }),
        None => Answer::Unknown,
    }
}

fn binary(left: &Word, operator: &str, right: &Word) -> Answer {
    match operator {
        "=" | "==" | "-eq" => equals(left, right, operator != "-eq"),
        "!=" | "-ne" => equals(left, right, operator != "-ne").not(),
        _ => match variable(left) {
            Some((name, default)) => Answer::Asks(name, Test { default, asks: Asks::Unclear }),
            None => Answer::Unknown,
        },
    }
}

pub(super) fn equals(left: &Word, right: &Word, patterns: bool) -> Answer {
    let (asked, other) = if left.is_fixed() { (right, left) } else { (left, right) };
    if !other.is_fixed() {
        return Answer::Unknown;
    }
    let other = other.raw();
    let pattern = patterns && other.contains(['*', '?', '[', '|']);
    if asked.is_fixed() {
        return if pattern { Answer::Unknown } else { Answer::Known(asked.raw() == other) };
    }
    match variable(asked) {
        Some((name, default)) => {
            let asks = match other.as_str() {
                _ if pattern => Asks::Unclear,
                "" => Asks::Empty,
                _ => Asks::Is(other),
            };
            Answer::Asks(name, Test { default, asks })
        }
        None => Answer::Unknown,
    }
}

/// The variable of the environment that a word is, with its default.
pub(super) fn variable(word: &Word) -> Option<(String, Option<String>)> {
    if word.unclear || !word.text.is_live() {
        return None;
    }
    let param = Param::parse(&word.raw()).filter(|param| param.is_value() && !param.all)?;
    if !param.name.starts_with(|ch: char| ch.is_ascii_alphabetic() || ch == '_') {
        return None;
    }
    let default = match param.op.as_str() {
        "" | ":?" | "?" => None,
        _ if param.rest.contains(['$', '`', '\\']) => return None,
        _ => Some(param.rest.trim_matches(['"', '\'']).to_owned()).filter(|rest| !rest.is_empty()),
    };
    Some((param.name, default))
}
