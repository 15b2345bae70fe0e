//! The functions of HCL that often decide a value in a job: what their arguments make, where these are known. Uses
//! `hcl_value` and `model`.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::hcl_value::{Evaluated, PlacedValue};
use crate::model::PartialText;

/// What a call gives; `None` where the function is another one, or an argument that decides is not known.
pub(super) fn call_function(name: &str, arguments: &[PlacedValue]) -> Option<Evaluated> {
    let first = arguments.first();
    let known = |at: usize| arguments.get(at).and_then(|argument| argument.value.known());
    match name {
        "format" => format_text(arguments),
        "join" => {
            let separator = known(0)?;
            let Evaluated::List(items) = &*arguments.get(1)?.value else { return None };
            let mut text = PartialText::default();
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    text = text.followed_by(&PartialText::plain(&separator));
                }
                text = text.followed_by(&item.value.text()?);
            }
            Some(Evaluated::Text(text)).filter(|_| arguments.len() == 2)
        }
        "concat" => {
            let mut all = Vec::new();
            for argument in arguments {
                let Evaluated::List(items) = &*argument.value else { return None };
                all.extend(items.iter().cloned());
            }
            Some(Evaluated::List(all))
        }
        "merge" => {
            let mut all = BTreeMap::new();
            for argument in arguments {
                let Evaluated::Map(entries) = &*argument.value else { return None };
                all.extend(entries.iter().map(|entry| (entry.0.clone(), entry.clone())));
            }
            Some(Evaluated::Map(all.into_values().collect()))
        }
        "lower" => Some(text_of(&known(0)?.to_lowercase())),
        "upper" => Some(text_of(&known(0)?.to_uppercase())),
        "trimspace" => Some(text_of(known(0)?.trim())),
        "trimprefix" => Some(text_of(known(0)?.strip_prefix(known(1)?.as_str()).unwrap_or(&known(0)?))),
        "trimsuffix" => Some(text_of(known(0)?.strip_suffix(known(1)?.as_str()).unwrap_or(&known(0)?))),
        // Between slashes it is a pattern.
        "replace" => {
            let pattern = known(1)?;
            let is_pattern = pattern.len() > 1 && pattern.starts_with('/') && pattern.ends_with('/');
            (!is_pattern && !pattern.is_empty()).then_some(())?;
            Some(text_of(&known(0)?.replace(&pattern, &known(2)?)))
        }
        "tostring" => Some(Evaluated::Text(first?.value.text()?)),
        "tonumber" => {
            let text = known(0)?;
            text.parse::<f64>().ok()?;
            Some(Evaluated::Number(text))
        }
        "tolist" => first.filter(|one| matches!(*one.value, Evaluated::List(_))).map(|one| (*one.value).clone()),
        "coalesce" => {
            for argument in arguments {
                match &*argument.value {
                    Evaluated::Null => {}
                    Evaluated::Text(text) if text.is_empty() => {}
                    Evaluated::Unknown(_) => return None,
                    // What is not known of it may be all of it, and nothing.
                    Evaluated::Text(text) if text.is_symbolic() => return None,
                    value => return Some(value.clone()),
                }
            }
            None
        }
        "lookup" => {
            let Evaluated::Map(entries) = &*first?.value else { return None };
            let key = known(1)?;
            match entries.iter().find(|entry| entry.0 == key) {
                Some((_, _, found)) => Some((*found.value).clone()),
                None => arguments.get(2).map(|default| (*default.value).clone()),
            }
        }
        "length" => {
            let Evaluated::List(items) = &*first?.value else { return None };
            Some(Evaluated::Number(items.len().to_string()))
        }
        "basename" => Some(text_of(known(0)?.trim_end_matches('/').rsplit('/').next().unwrap_or_default())),
        _ => None,
    }
}

fn text_of(text: &str) -> Evaluated {
    Evaluated::Text(PartialText::plain(text))
}

/// `format("%s-%d", …)`, of verbs that put a value in as it is.
fn format_text(arguments: &[PlacedValue]) -> Option<Evaluated> {
    let (pattern, values) = arguments.split_first()?;
    let pattern = pattern.value.known()?;
    let mut values = values.iter().map(|value| Rc::clone(&value.value));
    let mut text = PartialText::default();
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        let part = match letter {
            '%' => match letters.next()? {
                's' | 'v' | 'd' => values.next()?.text()?,
                '%' => PartialText::plain("%"),
                _ => return None,
            },
            letter => PartialText::plain(letter.encode_utf8(&mut [0; 4])),
        };
        text = text.followed_by(&part);
    }
    values.next().is_none().then_some(Evaluated::Text(text))
}
