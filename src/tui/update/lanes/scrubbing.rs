//! One place comes into view in all lanes: by its position where tokens are the same, by its bytes where they differ.

use crate::tui::state::State;
use crate::tui::state::lanes::Place;

/// Moves the place in view along the selected lane, and the others with it.
pub fn scrub(state: &mut State, by: isize) {
    let guide = state.lane();
    let at = state.play.text().in_view().saturating_add_signed(by);
    state.play.text_mut().go_to(at);
    let at = state.play.text().in_view();
    follow(state, guide, at);
}

/// Puts the place of a position of the lane `guide` in view in every lane.
pub fn follow(state: &mut State, guide: usize, at: usize) {
    let tokens = |lane| state.model_of(lane).map(|model| model.token_set);
    let place = |lane: usize| {
        if tokens(lane) == tokens(guide) {
            return at;
        }
        match (state.model_of(guide), state.model_of(lane)) {
            (Some(from), Some(to)) => {
                let place = Place::of(state.play.texts[guide].tokens(), at, from);
                place.position(state.play.texts[lane].tokens(), to)
            }
            _ => at,
        }
    };
    let guide_is_there = guide < state.play.texts.len();
    let lanes = (0..state.play.texts.len()).filter(|_| guide_is_there);
    let places: Vec<usize> = lanes.map(place).collect();
    for (text, at) in state.play.texts.iter_mut().zip(places) {
        text.go_to(at);
    }
}
