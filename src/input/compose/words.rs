//! A command written as one text, split as Docker Compose splits it (the Go library shellwords): quotes, backslashes,
//! and an end at the first character with which a shell would begin something else. Pure; uses nothing of this crate.

/// Where the splitter is.
#[derive(Default)]
struct SplitState {
    words: Vec<String>,
    word: String,
    /// Whether the word has begun, which an empty one in quotes has too.
    begun: bool,
    escaped: bool,
    single: bool,
    double: bool,
    backtick: bool,
    dollar: bool,
}

/// The words of a command.
///
/// # Errors
/// A quote, a backtick or a `$(` is not closed, a backslash stands at the end, or a bracket stands alone.
pub(super) fn split(text: &str) -> Result<Vec<String>, &'static str> {
    let mut state = SplitState::default();
    for character in text.chars() {
        if state.escaped {
            state.push(character);
            state.escaped = false;
        } else if character == '\\' && !state.single {
            state.escaped = true;
        } else if matches!(character, ' ' | '\t' | '\r' | '\n') {
            state.blank(character);
        } else if !state.take(character)? {
            break;
        }
    }
    if state.begun {
        state.words.push(std::mem::take(&mut state.word));
    }
    if state.escaped || state.is_quoted() {
        return Err("a quote or a bracket is opened and not closed");
    }
    Ok(state.words)
}

impl SplitState {
    fn is_quoted(&self) -> bool {
        self.single || self.double || self.backtick || self.dollar
    }

    fn push(&mut self, character: char) {
        self.word.push(character);
        self.begun = true;
    }

    fn blank(&mut self, character: char) {
        if self.is_quoted() {
            self.word.push(character);
        } else if self.begun {
            self.words.push(std::mem::take(&mut self.word));
            self.begun = false;
        }
    }

    /// Takes a character; `false` where the command ends.
    fn take(&mut self, character: char) -> Result<bool, &'static str> {
        match character {
            '`' if !self.single && !self.double && !self.dollar => self.backtick = !self.backtick,
            ')' if !self.single && !self.double && !self.backtick => self.dollar = !self.dollar,
            '(' if !self.single && !self.double && !self.backtick => {
                if self.dollar || !self.word.ends_with('$') {
                    return Err("a bracket stands where Compose allows none; put the command in a list");
                }
                self.dollar = true;
                self.word.push('(');
                return Ok(true);
            }
            '"' if !self.single && !self.dollar => {
                self.begun |= self.double;
                self.double = !self.double;
                return Ok(true);
            }
            '\'' if !self.double && !self.dollar => {
                self.begun |= self.single;
                self.single = !self.single;
                return Ok(true);
            }
            ';' | '&' | '|' | '<' | '>' if !self.is_quoted() => {
                if character == '>' && self.word.starts_with(|c: char| c.is_ascii_digit()) {
                    self.begun = false;
                }
                return Ok(false);
            }
            _ => {}
        }
        self.push(character);
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_split_as_compose_splits_them() {
        let cases: &[(&str, &[&str])] = &[
            ("claude  -p 'a b' \"c d\"", &["claude", "-p", "a b", "c d"]),
            ("a\\ b 'it\\s' \"q\\\"q\"", &["a b", "it\\s", "q\"q"]),
            ("echo a; echo b", &["echo", "a"]),
            ("a && b", &["a"]),
            ("run 2>/dev/null", &["run"]),
            ("x '' \"\"", &["x", "", ""]),
            ("echo $(date +%s) `a b`", &["echo", "$(date +%s)", "`a b`"]),
            ("", &[]),
        ];
        for (text, wanted) in cases {
            assert_eq!(split(text).unwrap(), *wanted, "{text}");
        }
        for text in ["'a", "a\\", "(a)", "`a", "a )"] {
            assert!(split(text).is_err(), "{text}");
        }
    }
}
