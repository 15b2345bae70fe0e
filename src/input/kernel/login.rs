//! Which login a credentials file holds, read only when asked for. What is read stays in memory, is compared, and
//! leaves nothing but a number. Uses `rules`, `source::capture` and serde_json.

use std::collections::BTreeMap;

use crate::rules::Profile;

/// No credentials file is larger.
pub(super) const MOST_CREDENTIALS: u64 = 1 << 20;

/// What tells one login from another. It shows nothing of itself.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Login(Vec<u8>);

impl std::fmt::Debug for Login {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str("Login(..)")
    }
}

/// The login in a credentials file: its refresh token where the profile says where that is, else all of it. A file
/// that could hold one and does not holds no login.
pub(super) fn login(bytes: &[u8], profile: &Profile) -> Option<Login> {
    let whole = || Some(Login(bytes.to_vec())).filter(|login| !login.0.is_empty());
    if profile.refresh_token.is_empty() {
        return whole();
    }
    let Ok(file) = serde_json::from_slice::<serde_json::Value>(bytes) else {
        return whole();
    };
    let token = profile.refresh_token.iter().try_fold(&file, |value, key| value.get(key))?.as_str()?;
    (!token.is_empty()).then(|| Login(token.as_bytes().to_vec()))
}

/// Gives equal logins equal numbers, from 1.
#[derive(Debug, Default)]
pub struct LoginIds(BTreeMap<Login, u32>);

impl LoginIds {
    pub(super) fn of(&mut self, login: Login) -> u32 {
        let next = u32::try_from(self.0.len()).unwrap_or(u32::MAX).saturating_add(1);
        *self.0.entry(login).or_insert(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Ruleset;
    use crate::text::Sources;

    #[test]
    fn equal_refresh_tokens_are_one_login() {
        let profile = Ruleset::load(&Sources::default(), None).unwrap().profiles.remove(0);
        let mut numbers = LoginIds::default();
        let mut number = |text: &str| login(text.as_bytes(), &profile).map(|login| numbers.of(login));
        let file = |token: &str, access: &str| {
            format!(r#"{{"claudeAiOauth": {{"accessToken": "{access}", "refreshToken": "{token}"}}}}"#)
        };
        assert_eq!(number(&file("one", "a")), Some(1));
        assert_eq!(number(&file("two", "a")), Some(2));
        assert_eq!(number(&file("one", "b")), Some(1));
        assert_eq!(number("{}"), None);
        assert_eq!(number(""), None);
        assert_eq!(number("not json"), Some(3));
        assert_eq!(format!("{:?}", login(b"secret", &profile)), "Some(Login(..))");
    }
}
