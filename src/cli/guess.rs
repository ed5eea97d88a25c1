//! `guess`: Shannon's game. A person guesses a text letter by letter; the guesses bound its entropy, and a model's bits for
//! the same letters stand beside.

use std::fs;
use std::io::{BufRead, stdin};
use std::ops::Range;
use std::path::PathBuf;

use super::output::Output;
use super::{CliError, load};
use crate::config::Config;
use crate::decoding::{View, encode_prompt, score};
use crate::lessons::shannon::{Guesses, letters};
use crate::model::LoadedModel;
use crate::text::numbers::bits;

/// What is guessed where no text is named; written for this.
const TEXT: &str = "It rained all night, and in the morning the road to the mill was under water. The miller stood at his \
                    window and counted the ducks. There were more of them than on the day before.";
/// Letters and the space, as Shannon counted them: what a letter counts that was told.
const SYMBOLS: usize = 27;

/// Guess a text letter by letter, and see what you and the model know of it (Shannon's game of 1951)
#[derive(Debug, clap::Args)]
pub struct GuessArgs {
    /// The text; without it, a few sentences from inside of the program
    pub text: Option<String>,
    /// Read the text from a file
    #[arg(long, short = 'f', value_name = "FILE", conflicts_with = "text")]
    pub file: Option<PathBuf>,
    /// Letters that are shown before the first guess
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub given: usize,
    /// Letters to guess
    #[arg(long, value_name = "N", default_value_t = 30)]
    pub letters: usize,
}

/// Plays the game on standard input and output.
///
/// # Errors
/// When the text cannot be read or is too short, or the model cannot be loaded or fails.
pub fn run(args: &GuessArgs, config: &Config) -> Result<(), CliError> {
    let text = match (&args.text, &args.file) {
        (Some(text), _) => text.clone(),
        (None, Some(path)) => fs::read_to_string(path)
            .map_err(|error| CliError::failed(format!("{}: {error}", path.display())))?,
        (None, None) => TEXT.to_owned(),
    };
    let all = letters(&text);
    if all.len() <= args.given {
        return Err(CliError::usage(format!(
            "the text has {} letters, and {} of them are shown before the first guess: nothing is left to guess",
            all.len(),
            args.given
        )));
    }
    let loaded = load(&config.model)?;
    let mut output = Output::stdout();
    output.line(
        "One letter a line. _ is a space, ? tells the letter, an empty line ends the game.",
    )?;
    let end = all.len().min(args.given + args.letters);
    let (guesses, reached) = play(&all[..end], args.given, &mut output)?;
    output.line("")?;
    let Some(bounds) = guesses.bounds() else {
        output.line("No letter was guessed.")?;
        return output.flush();
    };
    output.line(&format!(
        "you: {} letters, {} of them with the first guess; between {:.2} and {:.2} bits a letter",
        guesses.letters(),
        guesses.with(1),
        bounds.lower,
        bounds.upper
    ))?;
    match of_model(&loaded, &all, args.given..reached)? {
        Some((bits_a_letter, right)) => output.line(&format!(
            "{}: {} bits a letter, {right:.0} % of its tokens with the first guess",
            loaded.model.info().name,
            bits(bits_a_letter as f32)
        ))?,
        None => output.line("The model has read too little of it to be compared.")?,
    }
    output.flush()
}

/// Asks for each letter after those that are given. Returns the guesses, and how many letters are known at the end.
fn play(all: &[char], given: usize, output: &mut Output) -> Result<(Guesses, usize), CliError> {
    let mut guesses = Guesses::default();
    let mut known = given;
    let mut input = stdin().lock().lines();
    while let Some(&wanted) = all.get(known) {
        let mut tried: Vec<char> = Vec::new();
        loop {
            let shown: String = all[..known].iter().collect();
            output.text(&format!("{shown}▁  guess {}: ", tried.len() + 1))?;
            output.flush()?;
            let Some(line) = input.next().transpose()? else {
                return Ok((guesses, known));
            };
            let Some(typed) = line.trim().chars().next() else {
                return Ok((guesses, known));
            };
            let guess = if typed == '_' { ' ' } else { typed };
            let guess = guess.to_lowercase().next().unwrap_or(guess);
            if guess == '?' {
                guesses.add(SYMBOLS);
                break;
            }
            if guess == wanted {
                guesses.add(tried.len() + 1);
                break;
            }
            // What was tried already counts once.
            if !tried.contains(&guess) {
                tried.push(guess);
            }
        }
        known += 1;
    }
    Ok((guesses, known))
}

/// The model's bits a letter for the tokens that lie within the letters that were guessed, and the percentage of them that
/// were its first choice. None where no token does. It reads a little further, so that no word is cut in the middle.
fn of_model(
    loaded: &LoadedModel,
    all: &[char],
    guessed: Range<usize>,
) -> Result<Option<(f64, f64)>, CliError> {
    /// Longer than words.
    const FURTHER: usize = 40;
    let read = all.len().min(guessed.end + FURTHER);
    let text: String = all[..read].iter().collect();
    let bytes = |letters: usize| -> usize { all[..letters].iter().map(|c| c.len_utf8()).sum() };
    let (begin, end) = (bytes(guessed.start), bytes(guessed.end));
    let (mut at, mut sum, mut letters, mut tokens, mut right) = (0, 0.0, 0, 0, 0);
    let ids = encode_prompt(loaded, &text)?;
    score(loaded, &ids, View::default(), |record| {
        let start = at;
        at += record.bytes.len();
        if let Some(odds) = record
            .odds
            .filter(|_| start >= begin && at <= end && at > start)
        {
            sum += f64::from(odds.surprisal);
            letters += String::from_utf8_lossy(&record.bytes).chars().count();
            tokens += 1;
            right += usize::from(odds.rank == 1);
        }
        Ok::<_, CliError>(())
    })?;
    Ok((tokens > 0).then(|| {
        let share = 100.0 * right as f64 / tokens as f64;
        (sum / letters.max(1) as f64, share)
    }))
}
