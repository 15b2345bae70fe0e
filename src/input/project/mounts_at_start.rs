//! What the commands of a planned container mount over the places that programs keep their state in, or take away there: what is
//! there then is not what its description says. Uses `program_names`.

use crate::input::program_names::ProgramNames;
use crate::model::{
    Container, EnvValue, Invocation, MountCommand, Unseen, Value, VariableState, Word, join, split_below,
};

/// The first such command of a container whose script was read.
pub(super) fn mount_over_state(container: &Container, names: &ProgramNames) -> Option<Unseen> {
    let call = container.script.invocations.iter().find(|call| {
        MountCommand::read(call).is_some_and(|command| {
            command.is_of_list || command.targets().iter().any(|target| may_cover_state(target, call, container, names))
        })
    })?;
    let name = call.argv.first()?.rsplit('/').next()?.to_owned();
    let what = format!("`{name}` changes what is mounted where it may keep its state");
    Some(Unseen { what, span: call.span })
}

/// Whether a directory may be a state directory, be in one, or have one below it.
fn may_cover_state(target: &Word, call: &Invocation, container: &Container, names: &ProgramNames) -> bool {
    let Some(path) = known_text(target, call, container) else { return true };
    let own = container.working_dir.as_ref().map_or("/", |directory| directory.text.as_str());
    let path = join(own, &path);
    let is_related = |state: &str| split_below(state, &path).is_some() || split_below(&path, state).is_some();
    let moved = names.state.iter().filter_map(|name| match &container.env.get(name)?.value {
        EnvValue::Set(value) => Some(&**value),
        EnvValue::Inherited => None,
    });
    let moved: Vec<&Value> = moved.filter(|value| !value.text.is_empty()).collect();
    let home = match container.env.get("HOME").map(|variable| &variable.value) {
        Some(EnvValue::Set(value)) if !value.is_symbolic() => Some(value.text.as_str()),
        _ => None,
    };
    let is_home = home
        .map_or(path == "/root" || path == "/home" || is_home_below(&path), |home| split_below(home, &path).is_some());
    names.have_state_named_in(&path)
        || is_home
        || moved.iter().any(|value| value.is_symbolic() || is_related(&value.text))
}

fn is_home_below(path: &str) -> bool {
    path.strip_prefix("/home/").is_some_and(|user| !user.contains('/'))
}

/// A word with what is known of the environment put in.
fn known_text(word: &Word, call: &Invocation, container: &Container) -> Option<String> {
    word.expand(&|name| {
        if let Some(text) = call.env.get(name).and_then(Word::known) {
            return VariableState::Set(Value::known(text, None));
        }
        match container.env.get(name).map(|variable| &variable.value) {
            Some(EnvValue::Set(value)) if !value.is_symbolic() => VariableState::Set((**value).clone()),
            _ => VariableState::Unknown,
        }
    })
}
