//! `guess`: Shannon's game. A person guesses a text letter by letter; the guesses bound its entropy, and a model's bits for
//! the same letters stand beside.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, stdin};
use std::ops::Range;
use std::path::PathBuf;

use super::output::Output;
use super::{CliError, interrupt, load};
use crate::config::Config;
use crate::decoding::{View, encode_prompt, score};
use crate::lessons::shannon::{Guesses, TEXT, TOLD, Tally, guessed, letters};
use crate::model::LoadedModel;
use crate::text::numbers::bits;

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
    let is_input = |name: &OsStr| name == "-";
    if args
        .text
        .as_deref()
        .is_some_and(|text| is_input(text.as_ref()))
        || args
            .file
            .as_deref()
            .is_some_and(|file| is_input(file.as_ref()))
    {
        return Err(CliError::usage(
            "standard input has the guesses, and cannot have the text too: give the text, or --file FILE",
        ));
    }
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
    interrupt::end_at_once()?;
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
    let tally = of_model(&loaded, &all, args.given..reached)?;
    match (tally.bits_a_letter(), tally.first()) {
        (Some(bits_a_letter), Some(first)) => output.line(&format!(
            "{}: {} bits a letter, {:.0} % of its tokens with the first guess",
            loaded.model.info().name,
            bits(bits_a_letter as f32),
            100.0 * first
        ))?,
        _ => output.line("The model has read too little of it to be compared.")?,
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
            if typed == '?' {
                guesses.add(TOLD);
                break;
            }
            // A space is written as one that is seen.
            let guess = guessed(typed);
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

/// What the model thinks of the tokens that lie within the letters that were guessed. It reads a little further, so that no
/// word is cut in the middle.
fn of_model(loaded: &LoadedModel, all: &[char], guessed: Range<usize>) -> Result<Tally, CliError> {
    /// Longer than words.
    const FURTHER: usize = 40;
    let read = all.len().min(guessed.end + FURTHER);
    let text: String = all[..read].iter().collect();
    let bytes = |letters: usize| -> usize { all[..letters].iter().map(|c| c.len_utf8()).sum() };
    let mut tally = Tally::within(bytes(guessed.start)..bytes(guessed.end));
    let ids = encode_prompt(loaded, &text)?;
    score(loaded, &ids, View::default(), |record| {
        tally.add(&record);
        Ok::<_, CliError>(())
    })?;
    Ok(tally)
}
