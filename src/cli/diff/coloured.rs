//! The text itself, each token on a ground whose warmth says how far the odds of its place moved.

use crossterm::style::{Color, Stylize};

use crate::cli::CliError;
use crate::cli::output::Output;
use crate::decoding::TokenDifference;
use crate::text::StreamDecoder;

/// From how many bits on, and on which colour of the palette of 256 with black letters.
const GROUNDS: [(f64, u8); 5] = [(0.03, 230), (0.1, 222), (0.3, 215), (1.0, 208), (3.0, 203)];

/// A text that is written as its tokens come.
#[derive(Default)]
pub struct ColouredText {
    decoder: StreamDecoder,
    /// The largest divergence of the tokens whose character is not complete yet.
    held: f64,
}

impl ColouredText {
    /// Writes a token, as far as its characters are complete.
    ///
    /// # Errors
    /// When the output is closed or full.
    pub fn token(&mut self, token: &TokenDifference, output: &mut Output) -> Result<(), CliError> {
        let text = self.decoder.push(&token.bytes);
        let kl = token.odds.map_or(0.0, |odds| odds.kl).max(self.held);
        self.held = if self.decoder.pending().is_empty() {
            0.0
        } else {
            kl
        };
        write(&text, kl, output)
    }

    /// Ends the text and says what the colours mean.
    ///
    /// # Errors
    /// When the output is closed or full.
    pub fn end(&mut self, output: &mut Output) -> Result<(), CliError> {
        let rest = self.decoder.finish();
        write(&rest, self.held, output)?;
        output.text("\n\nKL in bits, from:")?;
        for (from, _) in GROUNDS {
            output.text(" ")?;
            write(&format!(" {from} "), from, output)?;
        }
        output.text("\n\n")
    }
}

fn write(text: &str, kl: f64, output: &mut Output) -> Result<(), CliError> {
    let ground = GROUNDS.iter().rev().find(|(from, _)| kl >= *from);
    let Some(&(_, ground)) = ground else {
        return output.text(text);
    };
    // A ground does not run on to the end of a line.
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            output.text("\n")?;
        }
        if !line.is_empty() {
            output.styled(line, |safe| {
                safe.with(Color::AnsiValue(16)).on(Color::AnsiValue(ground))
            })?;
        }
    }
    Ok(())
}
