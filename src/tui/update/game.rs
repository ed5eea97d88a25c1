//! The game “What comes next?”: what is typed, chosen and told.

use crate::engine::Subject;
use crate::lessons::shannon;
use crate::tui::state::State;
use crate::tui::state::game::{Aside, Game, Guessed, Revealed, Unit, Went, is_right, said};
use crate::tui::state::overlay::Overlay;
use crate::tui::state::picker::{GAMES, Item, Picker};
use crate::tui::update::editing;
use crate::tui::vocabulary::focus::Page;
use crate::tui::vocabulary::question::Question;
use crate::tui::{Action, GameAction};

/// Letters of a file that are taken: more than anybody guesses.
const LONGEST: usize = 4000;

/// The list of what can be guessed.
pub fn list() -> Picker {
    let game = |label: &str, detail: &str, action: Action| Item {
        label: label.to_owned(),
        detail: detail.to_owned(),
        action,
    };
    let file = |letters| Action::Ask(Question::GuessFile { letters });
    Picker::new(
        GAMES,
        vec![
            game(
                "What comes next in this text?",
                "token by token",
                Action::Game(GameAction::Tokens),
            ),
            game(
                "Which letter comes next in this text?",
                "letter by letter, as Shannon had it",
                Action::Game(GameAction::Letters),
            ),
            game(
                "A text from inside of the program",
                "letter by letter",
                Action::Game(GameAction::Bundled),
            ),
            game(
                "A text of your own",
                "from a file, letter by letter",
                file(true),
            ),
            game(
                "A text of your own",
                "from a file, token by token",
                file(false),
            ),
        ],
    )
}

/// Opens a game.
pub fn open(state: &mut State, action: GameAction) {
    match action {
        GameAction::List => {}
        GameAction::Tokens => begin(state, Game::new(Unit::Token, state.play.subject)),
        GameAction::Letters => {
            let passage = state.play.passage();
            let at = passage.in_view().min(passage.tokens().len());
            let before = said(&passage.tokens()[..at]);
            let from = (!passage.follows()).then(|| shannon::letters(&before).len());
            let text = match state.play.subject {
                Subject::Draft => state.play.editor.text(),
                Subject::Text => said(passage.tokens()),
            };
            spell(state, &text, from);
        }
        GameAction::Bundled => spell(state, shannon::TEXT, None),
    }
}

/// Opens one over a text of the user's, letter by letter or token by token.
pub fn own(state: &mut State, text: &str, letters: bool) {
    if letters {
        return spell(state, text, None);
    }
    let text: String = text.chars().take(LONGEST).collect();
    put_in_place(state, text.trim());
    let mut game = Game::new(Unit::Token, Subject::Draft);
    game.from_start = true;
    begin(state, game);
}

/// Opens one over the letters of a text, as Shannon took them. The model reads the same, in the place of the prompt, which
/// comes back when the game is over.
fn spell(state: &mut State, text: &str, from: Option<usize>) {
    let text: String = shannon::letters(text).into_iter().take(LONGEST).collect();
    put_in_place(state, &text);
    let mut game = Game::new(Unit::Letter, Subject::Draft);
    game.from = from.map(|from| from.max(1));
    begin(state, game);
}

/// Puts a text in the place of the prompt, which is kept for afterwards.
fn put_in_place(state: &mut State, text: &str) {
    give_back(state);
    state.play.aside = Some(Aside {
        prompt: state.play.editor.text(),
        subject: state.play.subject,
    });
    editing::put(state, text);
    state.play.draft.follow();
}

fn begin(state: &mut State, game: Game) {
    state.screen.page = Page::Play;
    state.play.subject = game.subject;
    state.play.search.clear();
    state.screen.overlay = Some(Overlay::Game(Box::new(game)));
    heed(state);
}

/// Ends the game that is open, if one is.
pub fn close(state: &mut State) {
    if state.game().is_some() {
        // What the game had the engine look for.
        state.play.search.clear();
        state.screen.overlay = None;
    }
    give_back(state);
}

/// Puts the prompt back that a game had put aside.
fn give_back(state: &mut State) {
    if let Some(aside) = state.play.aside.take() {
        editing::put(state, &aside.prompt);
        state.play.subject = aside.subject;
        state.play.draft.follow();
    }
}

/// Takes in what the engine has told since: the text of a game that waits for it, the odds of a place.
pub fn heed(state: &mut State) {
    let Some(Overlay::Game(game)) = &state.screen.overlay else {
        return give_back(state);
    };
    let (waits, subject, unit, place) = (game.waits, game.subject, game.unit, game.place);
    if waits {
        let is_read = subject == Subject::Text || state.play.inspecting.is_settled();
        if is_read && state.engine.model.is_some() {
            start(state, subject);
        }
        return;
    }
    if unit == Unit::Token && state.play.passage().in_view() == place {
        let moment = state
            .play
            .moment()
            .filter(|moment| moment.position == place);
        let moment = moment.filter(|_| state.play.search.is_empty()).cloned();
        if let (Some(moment), Some(Overlay::Game(game))) = (moment, &mut state.screen.overlay)
            && game.choices.is_empty()
        {
            game.offer(&moment);
        }
        let due = state.game().and_then(|game| game.due);
        if let Some(guesses) = due {
            reveal(state, guesses);
        }
    }
}

fn start(state: &mut State, subject: Subject) {
    let Some(Overlay::Game(mut game)) = state.screen.overlay.take() else {
        return;
    };
    if !game.begin(state.guessed_text(subject)) {
        return state.tell(
            "There is too little text to be guessed: write a prompt of some words first.",
            true,
        );
    }
    let place = game.place;
    let is_token = game.unit == Unit::Token;
    state.screen.overlay = Some(Overlay::Game(game));
    if is_token {
        state.play.passage_mut().go_to(place);
    }
}

/// Takes an action in while the game is open. Returns what it leaves to others.
pub fn act(state: &mut State, action: Action) -> Option<Action> {
    let Some(Overlay::Game(game)) = &mut state.screen.overlay else {
        return Some(action);
    };
    // A lesson goes on from here.
    if let Action::Learn(_) = action {
        return Some(action);
    }
    if game.waits {
        return None;
    }
    match (game.unit, action) {
        (Unit::Letter, Action::Insert(c)) => guess_letter(state, c),
        (Unit::Letter, Action::FocusNext) => tell_letter(state),
        (Unit::Token, Action::FocusNext) => reveal(state, None),
        (Unit::Token, Action::Up | Action::Down) if game.choices.is_empty() => {}
        (Unit::Token, Action::Down) => {
            let next = game.chosen.map_or(0, |at| at + 1);
            game.chosen = Some(next.min(game.choices.len() - 1));
        }
        (Unit::Token, Action::Up) => {
            game.chosen = game.chosen.and_then(|at| at.checked_sub(1));
        }
        (Unit::Token, Action::Run) => guess_token(state),
        (Unit::Token, action) if game.revealed.is_none() => {
            let typed = super::overlay::edited(&mut game.typed, action);
            game.chosen = game.chosen.filter(|_| !typed);
        }
        _ => {}
    }
    None
}

/// Takes the guess in that was typed or chosen; once the place is told, goes on.
fn guess_token(state: &mut State) {
    let Some(Overlay::Game(game)) = &mut state.screen.overlay else {
        return;
    };
    if game.revealed.is_some() {
        return go_on(state);
    }
    if game.due.is_some() {
        return;
    }
    let (typed, chosen) = (
        game.typed.text(),
        game.chosen.and_then(|at| game.choices.get(at)),
    );
    let guess = match chosen {
        Some((id, display)) => Guessed {
            text: display.clone(),
            id: Some(*id),
        },
        None if typed.trim().is_empty() => return,
        None => Guessed {
            text: typed.trim().to_owned(),
            id: None,
        },
    };
    game.made += 1;
    let (place, subject) = (game.place, game.subject);
    game.last = Some(guess.clone());
    game.typed = crate::tui::state::editor::Editor::new("");
    game.chosen = None;
    let tokens = state.guessed_text(subject).tokens();
    let standing = tokens.get(place);
    let is_open = standing.is_none();
    let right = match guess.id {
        Some(id) => standing.is_some_and(|token| token.id == id),
        None => is_right(&guess.text, tokens, place),
    };
    let Some(Overlay::Game(game)) = &mut state.screen.overlay else {
        return;
    };
    if right || is_open {
        let taken = game.tried.len() + 1;
        reveal(state, right.then_some(taken));
    } else if !game.tried.contains(&guess.text) {
        game.tried.push(guess.text);
    }
}

/// Tells the place, which took so many guesses, or was given up or has nothing yet: once its odds are there.
fn reveal(state: &mut State, guesses: Option<usize>) {
    let moment = state.play.moment().cloned();
    let Some(Overlay::Game(game)) = &mut state.screen.overlay else {
        return;
    };
    if game.revealed.is_some() {
        return;
    }
    let Some(moment) = moment.filter(|moment| moment.position == game.place) else {
        game.due = Some(guesses);
        return;
    };
    game.due = None;
    game.revealed = Some(Revealed {
        guesses,
        rows: moment.rows.clone(),
        vocabulary: moment.vocabulary,
    });
    let (place, subject) = (game.place, game.subject);
    let unlisted = game
        .last
        .as_ref()
        .filter(|_| game.guessed_row(&moment.rows).is_none());
    let search = unlisted.map(|last| last.text.clone());
    let token = state.guessed_text(subject).tokens().get(place).cloned();
    let Some(Overlay::Game(game)) = &mut state.screen.overlay else {
        return;
    };
    if let Some(token) = token {
        game.count(guesses);
        game.model.add(&token);
    }
    // What the first rows do not have the engine looks for.
    state.play.search = search.unwrap_or_default();
}

/// To the next place; what was guessed where nothing stood is written there.
fn go_on(state: &mut State) {
    state.play.search.clear();
    let Some(Overlay::Game(game)) = &mut state.screen.overlay else {
        return;
    };
    let (place, subject) = (game.place, game.subject);
    let last = game.last.clone();
    let length = state.guessed_text(subject).tokens().len();
    let Some(Overlay::Game(game)) = &mut state.screen.overlay else {
        return;
    };
    if place < length {
        game.next();
        let place = game.place;
        return state.play.passage_mut().go_to(place);
    }
    match (subject, last) {
        // The text of a run is the model's to go on with.
        (Subject::Text, _) | (_, None) => state.screen.overlay = None,
        (Subject::Draft, Some(last)) => {
            game.clear();
            game.waits = true;
            let word = last.text.replace('·', " ");
            let gap = if word.starts_with(' ') || last.id.is_some() {
                ""
            } else {
                " "
            };
            let prompt = format!("{}{gap}{word}", state.play.editor.text().trim_end());
            editing::put(state, &prompt);
            state.play.draft.follow();
        }
    }
}

fn guess_letter(state: &mut State, typed: char) {
    let Some(Overlay::Game(game)) = &mut state.screen.overlay else {
        return;
    };
    let Some(&wanted) = game.letters.get(game.place) else {
        state.screen.overlay = None;
        return;
    };
    let guess = shannon::guessed(typed);
    game.made += 1;
    game.last = Some(Guessed {
        text: guess.to_string(),
        id: None,
    });
    if guess == wanted {
        let taken = game.tried.len() + 1;
        letter_ends(state, Some(taken));
    } else if !game.tried.contains(&guess.to_string()) {
        game.tried.push(guess.to_string());
    }
}

fn tell_letter(state: &mut State) {
    let is_there = state
        .game()
        .is_some_and(|game| game.place < game.letters.len());
    if is_there {
        letter_ends(state, None);
    }
}

/// Counts a letter, and the tokens that end with it.
fn letter_ends(state: &mut State, guesses: Option<usize>) {
    let Some(Overlay::Game(mut game)) = state.screen.overlay.take() else {
        return;
    };
    game.count(guesses);
    game.went = game.letters.get(game.place).map(|letter| Went {
        letter: *letter,
        tried: game.tried.clone(),
        told: guesses.is_none(),
    });
    game.next();
    let end = game.bytes_before(game.place);
    let start = game.model.start();
    game.model = shannon::Tally::within(start..end);
    for token in state.guessed_text(game.subject).tokens() {
        game.model.add(token);
    }
    state.screen.overlay = Some(Overlay::Game(game));
}
