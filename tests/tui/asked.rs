//! What the last action asked for, and a paused run to start from.

use logitscope::engine::{Command, Event, RunState, Subject};
use logitscope::tui::Effect;

use crate::fixtures::Play;

pub const PROMPT: &str = "Once upon a time";

/// The commands among the effects of the last action.
pub fn commands(play: &Play) -> Vec<Command> {
    let command = |effect: &Effect| match effect {
        Effect::Send(command) => Some(command.clone()),
        _ => None,
    };
    play.effects.iter().filter_map(command).collect()
}

/// The token that is to be looked at.
pub fn looked_at(play: &Play) -> Option<(Subject, usize)> {
    play.effects.iter().find_map(|effect| match effect {
        Effect::Look(look) => Some((look.subject, look.position)),
        _ => None,
    })
}

/// A run of [`PROMPT`] that generated `words` and waits.
pub fn paused(words: &[&str]) -> Play {
    let mut play = Play::running(PROMPT, words, 80, 24);
    play.hear(Event::State {
        state: RunState::Paused,
    });
    play.frame();
    play
}
