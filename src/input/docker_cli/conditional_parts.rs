//! The same command without what it is given on some ways through its script only. Uses `model`.

use std::collections::HashSet;

use super::{ConditionalParts, DockerCommand};
use crate::model::{Command, Mount};

impl DockerCommand {
    /// The same without the mounts that are given on some ways only; `None` where there are none.
    #[must_use]
    pub fn without_mounts(&self) -> Option<Self> {
        let mut command = self.clone();
        let (mounts, perhaps) = match &mut command {
            Self::Run(run) => (&mut run.container.mounts, &mut run.perhaps),
            Self::ComposeRun(run) => (&mut run.mounts, &mut run.perhaps),
            _ => return None,
        };
        let left_out: HashSet<usize> = perhaps.mounts.drain(..).collect();
        if left_out.is_empty() {
            return None;
        }
        let mut number = 0;
        mounts.retain(|_| {
            number += 1;
            !left_out.contains(&(number - 1))
        });
        Some(command)
    }

    /// The same without some of the variables that are given on some ways only; `None` where there are none of these.
    #[must_use]
    pub fn without_variables(&self, is_left_out: impl Fn(&str) -> bool) -> Option<Self> {
        let mut command = self.clone();
        let (env, perhaps) = match &mut command {
            Self::Run(run) => (&mut run.container.env, &mut run.perhaps),
            Self::ComposeRun(run) => (&mut run.env, &mut run.perhaps),
            Self::Exec(exec) => (&mut exec.env, &mut exec.perhaps),
            _ => return None,
        };
        let before = perhaps.env.len();
        perhaps.env.retain(|name| {
            let stays = !is_left_out(name);
            if !stays {
                match perhaps.sure_env.remove(name) {
                    Some(sure) => env.insert(name.clone(), sure),
                    None => env.remove(name),
                };
            }
            stays
        });
        (perhaps.env.len() < before).then_some(command)
    }

    /// The same as if some of the variables that are given on some ways only were given on all.
    #[must_use]
    pub fn with_variables(&self, is_given: impl Fn(&str) -> bool) -> Self {
        let mut command = self.clone();
        if let Some(perhaps) = command.perhaps_mut() {
            perhaps.env.retain(|name| !is_given(name));
        }
        command
    }

    /// The same with those words alone that are given on all ways; `None` where these are all, or none.
    #[must_use]
    pub fn with_sure_words(&self) -> Option<Self> {
        let mut command = self.clone();
        let sure = command.perhaps_mut()?.command.take().filter(|sure| !sure.words.is_empty())?;
        match &mut command {
            Self::Run(run) => run.container.command = Some(sure),
            Self::ComposeRun(run) => run.command = Some(sure),
            Self::Exec(exec) => exec.command = sure,
            _ => return None,
        }
        Some(command)
    }

    /// The mounts that are given on some ways only.
    pub fn perhaps_mounts(&self) -> Vec<&Mount> {
        let (mounts, perhaps) = match self {
            Self::Run(run) => (&run.container.mounts, &run.perhaps),
            Self::ComposeRun(run) => (&run.mounts, &run.perhaps),
            _ => return Vec::new(),
        };
        perhaps.mounts.iter().filter_map(|at| mounts.get(*at)).collect()
    }

    /// The words of its command that are given on all ways, where some are not.
    pub fn sure_words(&self) -> Option<&Command> {
        self.perhaps()?.command.as_ref()
    }

    fn perhaps_mut(&mut self) -> Option<&mut ConditionalParts> {
        match self {
            Self::Run(run) => Some(&mut run.perhaps),
            Self::ComposeRun(run) => Some(&mut run.perhaps),
            Self::Exec(exec) => Some(&mut exec.perhaps),
            _ => None,
        }
    }
}
