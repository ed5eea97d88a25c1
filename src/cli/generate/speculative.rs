//! `generate --draft`: a small model runs ahead of the large one.

use std::time::Instant;

use super::GenerateArgs;
use super::sample_text::{Cuts, SampleText};
use crate::cli::json::{GainRecord, Header, Record, RoundRecord};
use crate::cli::output::Output;
use crate::cli::progress::Gauge;
use crate::cli::{CliError, interrupt, load, slid, warn};
use crate::config::Config;
use crate::decoding::{Gain, Generation, Judging, Round, Speculation, StepOutcome};
use crate::model::{LoadRequest, LoadedModel};
use crate::text::numbers::percent_in_full;

/// Tokens that come without the draft at first, to know how fast the target is alone.
const ALONE: usize = 4;

/// How proposals are judged, as an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Accepting {
    /// What the target draws itself with the numbers of the seed: the text is that of the target alone
    Shared,
    /// With probability min(1, p / q): another text of the same distribution
    Sampling,
}

/// Generates one sample with the draft ahead.
///
/// # Errors
/// When a model cannot be loaded or fails, both have different tokens, or the output cannot be written.
pub fn run(
    args: &GenerateArgs,
    draft: &str,
    config: &Config,
    prompt: &str,
    cuts: &Cuts,
) -> Result<(), CliError> {
    let target = load(&config.model)?;
    let ahead_of_it = LoadRequest {
        source: draft.to_owned(),
        base: String::new(),
        ..config.model.clone()
    };
    let draft = load(&ahead_of_it)?;
    let mut settings = config.generation.clone();
    settings.stop.extend(cuts.truncate.clone());
    let stopped = &interrupt::came;
    let mut text = Generation::new(&target, prompt, &config.sampler, &settings, false, stopped)?;
    let judging = match args.draft_accept {
        Accepting::Shared => Judging::Shared,
        Accepting::Sampling => Judging::Acceptance,
    };
    let ahead = usize::from(args.draft_tokens);
    let mut speculation = Speculation::new(&target, &draft, &text, ahead, judging)?;
    let mut shown = Shown {
        args,
        target: &target,
        output: Output::stdout(),
        text: SampleText::new(cuts),
        said_slide: false,
    };
    if !args.json && !args.draft_rounds && args.include_prefix.unwrap_or(!config.model.chat) {
        shown.output.text(prompt)?;
    }
    if args.json {
        let mut header = Header::new("generate")
            .with_model(target.model.info(), &config.model)?
            .with_draft(draft.model.info(), &ahead_of_it)?
            .with_settings(&config.sampler, &config.generation);
        header.prompt = Some(prompt.to_owned());
        shown.output.json(&Record::Header(&header))?;
    }
    let mut gauge = Gauge::beside(&shown.output, false);
    let mut alone = 0.0;
    let mut drawn = || -> Result<(), CliError> {
        let begun = Instant::now();
        let mut ended = false;
        for at in 1..=ALONE {
            let outcome = text.step(&target, stopped)?;
            alone = at as f64 / begun.elapsed().as_secs_f64();
            ended = outcome.stop.is_some();
            shown.round(&Round {
                proposals: Vec::new(),
                outcomes: vec![outcome],
            })?;
            if ended {
                break;
            }
        }
        while !ended {
            interrupt::check()?;
            let round = speculation.step(&target, &mut text, stopped)?;
            ended = round.outcomes.iter().any(|outcome| outcome.stop.is_some());
            shown.round(&round)?;
            gauge.count("generating", text.generated(), settings.max_tokens);
        }
        Ok(())
    };
    match drawn() {
        // What was said is shown to its end, and the gain of it.
        Ok(()) | Err(CliError::Interrupted) => {}
        Err(error) => return Err(error),
    }
    drop(gauge);
    shown.end(speculation.gain(), alone)?;
    interrupt::check()
}

/// What is written of it.
struct Shown<'a> {
    args: &'a GenerateArgs,
    target: &'a LoadedModel,
    output: Output,
    text: SampleText,
    said_slide: bool,
}

impl Shown<'_> {
    fn round(&mut self, round: &Round) -> Result<(), CliError> {
        if self.args.json {
            let record = Record::Round(RoundRecord::from(round));
            self.output.json(&record)?;
        } else if self.args.draft_rounds {
            self.lines(round)?;
        }
        for outcome in &round.outcomes {
            self.token(outcome)?;
        }
        self.output.flush()
    }

    fn token(&mut self, outcome: &StepOutcome) -> Result<(), CliError> {
        let model = self.target.model.info();
        if let Some(slide) = outcome.slide.filter(|_| !self.said_slide) {
            self.said_slide = true;
            warn(&slid(model, slide.kept, slide.dropped));
        }
        if !self.args.json
            && !self.args.draft_rounds
            && !model.end_tokens.contains(&outcome.record.id)
        {
            let text = self.text.push(&outcome.record.bytes);
            self.output.text(&text)?;
        }
        Ok(())
    }

    /// A line for each proposal, and one for the token of the target's own.
    fn lines(&mut self, round: &Round) -> Result<(), CliError> {
        let odds = |p: f32| percent_in_full(f64::from(p));
        for proposal in &round.proposals {
            let (sign, p) = match proposal.p {
                Some(p) if proposal.accepted => ("+", odds(p)),
                Some(p) => ("-", odds(p)),
                None => (" ", "not looked at".to_owned()),
            };
            self.output.line(&format!(
                "  {sign} {:<16} q {:>10}  p {p:>13}",
                proposal.display,
                odds(proposal.q)
            ))?;
        }
        let own = round.outcomes.last();
        let taken = round.proposals.iter().filter(|it| it.accepted).count();
        if let Some(own) = own.filter(|_| taken < round.outcomes.len()) {
            self.output
                .line(&format!("  = {:<16} the target's own", own.record.display))?;
        }
        self.output.line("")
    }

    fn end(mut self, gain: Gain, alone: f64) -> Result<(), CliError> {
        let line = GainRecord::new(gain, alone);
        if self.args.json {
            self.output.json(&Record::Gain(line))?;
            return self.output.flush();
        }
        if !self.args.draft_rounds {
            let rest = self.text.finish();
            self.output.text(&rest)?;
            self.output.text("\n")?;
        }
        self.output.flush()?;
        if gain.passes > 0 {
            warn(&format!(
                "{} of {} proposed tokens accepted, {:.2} tokens a pass of the target; {:.1} tokens a second (draft {:.2} s, target {:.2} s), the target alone {:.1} in its first {ALONE}",
                gain.accepted,
                gain.proposed,
                line.tokens_per_pass,
                line.tokens_per_second,
                gain.draft_seconds,
                gain.target_seconds,
                alone
            ));
        }
        Ok(())
    }
}
