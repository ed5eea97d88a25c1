//! `odds --over`: the odds of one token under several values of a setting.

use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use super::prompt::ReadPrompt;
use super::{CHART_CONTEXT, OddsArgs};
use crate::chart::caption::{end_of, of_model, of_sampler_but};
use crate::chart::{self, Over, OverStep};
use crate::cli::documents::Document;
use crate::cli::json::{OddsRecord, Record, RowRecord, TurnedSetting};
use crate::cli::output::Output;
use crate::cli::progress::Gauge;
use crate::cli::table::Table;
use crate::cli::{CliError, interrupt};
use crate::config::{Config, LaneSpec, Sweep};
use crate::decoding::{Chooser, Moment};
use crate::model::LoadedModel;
use crate::sampling::SamplerSettings;
use crate::text::display_token;
use crate::text::numbers::percent;

/// Values of a range that does not say how many.
const STEPS: usize = 10;
/// Most values.
const MOST: usize = 200;
/// Tokens that are followed unless --top says how many.
const TOKENS: usize = 5;

/// Columns of its table.
pub const COLUMNS: &[&str] = &[
    "document",
    "setting",
    "value",
    "rank",
    "id",
    "text",
    "logit",
    "raw_probability",
    "final_probability",
    "cut_by",
];

/// A setting and its values.
pub struct Turned {
    field: String,
    values: Vec<Turn>,
}

/// One value, and what it makes of the settings.
struct Turn {
    text: String,
    sampler: SamplerSettings,
    seed: u64,
}

/// What became of one prompt.
struct Followed {
    /// Ids and names of the tokens that are followed.
    tokens: Vec<(u32, String)>,
    /// By value, with the rows of these tokens and of the one that is taken.
    moments: Vec<Moment>,
}

/// A row of the table.
#[derive(Serialize)]
struct TableRow<'a> {
    document: usize,
    setting: &'a str,
    value: &'a str,
    #[serde(flatten)]
    row: RowRecord<'a>,
}

impl Turned {
    /// Reads the setting with its values.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(written: &str, config: &Config) -> Result<Self, CliError> {
        let wrong = |error| CliError::usage(format!("--over {error}"));
        let sweep = if written.trim() == "preset" {
            Sweep {
                field: "preset".to_owned(),
                values: config.preset_names().map(str::to_owned).collect(),
            }
        } else {
            Sweep::parse_in(written, STEPS).map_err(wrong)?
        };
        if sweep.field == "model" {
            return Err(CliError::usage(
                "--over model: the odds are of one model; compare takes several",
            ));
        }
        if sweep.values.len() > MOST {
            return Err(CliError::usage(format!(
                "--over {written}: give at most {MOST} values"
            )));
        }
        let lanes = sweep.lanes().zip(&sweep.values);
        let values = lanes.map(|(lane, text)| {
            let spec = LaneSpec::parse(&lane).map_err(wrong)?;
            let sampler = spec.sampler(&config.sampler, |name, base| config.preset(name, base));
            Ok(Turn {
                text: text.clone(),
                sampler: sampler.map_err(wrong)?,
                seed: spec.seed.unwrap_or(config.generation.seed),
            })
        });
        Ok(Self {
            values: values.collect::<Result<_, CliError>>()?,
            field: sweep.field,
        })
    }

    /// The odds after a prompt under each value.
    fn follow(
        &self,
        args: &OddsArgs,
        loaded: &LoadedModel,
        mut read: ReadPrompt,
        gauge: &mut Gauge,
    ) -> Result<Followed, CliError> {
        let choosers = self.values.iter();
        let choosers = choosers.map(|turn| Chooser::new(loaded, &turn.sampler, turn.seed));
        let choosers: Vec<Chooser> = choosers.collect::<Result<_, _>>()?;
        // Twice, since which tokens are followed is known only once all values were seen, and all of them have many rows.
        let mut highest = vec![0.0f32; loaded.model.info().vocabulary];
        for (step, chooser) in choosers.iter().enumerate() {
            interrupt::check()?;
            gauge.count("turning", step, 2 * choosers.len());
            for row in &read.moment(chooser)?.rows {
                let most = &mut highest[row.id as usize];
                *most = most.max(row.final_probability);
            }
            read.warn_of(chooser)?;
        }
        let mut ids = Vec::new();
        for text in &args.candidate {
            match loaded.tokenizer.encode(text)?.as_slice() {
                [id] => ids.push(*id),
                tokens => {
                    return Err(CliError::usage(format!(
                        "--candidate {}: with --over it must be one token, and it is {}",
                        display_token(text.as_bytes()),
                        tokens.len()
                    )));
                }
            }
        }
        let mut order: Vec<u32> = (0..highest.len() as u32).collect();
        let high = |id: &u32| highest[*id as usize];
        order.sort_by(|one, other| high(other).total_cmp(&high(one)).then(one.cmp(other)));
        let likely = order.into_iter().filter(|id| high(id) > 0.0);
        for id in likely.take(args.top.unwrap_or(TOKENS)) {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        let mut tokens: Vec<(u32, String)> = Vec::new();
        let mut moments = Vec::new();
        for (step, chooser) in choosers.iter().enumerate() {
            interrupt::check()?;
            gauge.count("turning", choosers.len() + step, 2 * choosers.len());
            let mut moment = read.moment(chooser)?;
            let pick = moment.pick;
            let is_followed = |id| ids.contains(&id) || Some(id) == pick;
            moment.rows.retain(|row| is_followed(row.id));
            moments.push(moment);
        }
        for &id in &ids {
            let row = moments[0].rows.iter().find(|row| row.id == id);
            tokens.push((id, row.map_or_else(String::new, |row| row.display.clone())));
        }
        Ok(Followed { tokens, moments })
    }

    /// The odds after each prompt, in whatever form was asked for.
    ///
    /// # Errors
    /// When the model fails, the output cannot be written, or the user interrupts.
    pub fn run(
        &self,
        args: &OddsArgs,
        config: &Config,
        loaded: &LoadedModel,
        documents: &[Document],
        output: &mut Output,
    ) -> Result<(), CliError> {
        let table = args.table.table(COLUMNS);
        let mut gauge = Gauge::beside(output, false);
        let read = ReadPrompt::in_turn(loaded, documents);
        for (document, (Document { text, .. }, read)) in documents.iter().zip(read).enumerate() {
            let followed = self.follow(args, loaded, read?, &mut gauge)?;
            if let Some(path) = &args.chart {
                let over = self.drawn(&followed, text);
                let info = loaded.model.info();
                let caption = match self.field.as_str() {
                    "preset" => of_model(info),
                    // What is turned has no one value.
                    field => format!(
                        "{} · {}",
                        of_model(info),
                        of_sampler_but(&config.sampler, field)
                    ),
                };
                chart::over(args.picture.target(path, &caption), &over)
                    .map_err(CliError::failed)?;
            }
            match table {
                Some(table) => self.rows(table, output, document, loaded, &followed)?,
                None if args.json => self.records(output, document, text, loaded, &followed)?,
                None => {
                    if documents.len() > 1 {
                        let gap = if document == 0 { "" } else { "\n" };
                        let text = display_token(text.as_bytes());
                        output.line(&format!("{gap}prompt {document}: {text}"))?;
                    }
                    self.print(output, &followed)?;
                }
            }
            output.flush()?;
        }
        Ok(())
    }

    fn rows(
        &self,
        table: Table,
        output: &mut Output,
        document: usize,
        loaded: &LoadedModel,
        followed: &Followed,
    ) -> Result<(), CliError> {
        for (turn, moment) in self.values.iter().zip(&followed.moments) {
            for row in &moment.rows {
                let row = TableRow {
                    document,
                    setting: &self.field,
                    value: &turn.text,
                    row: RowRecord::of(row, loaded.tokenizer.token_bytes(row.id)),
                };
                table.row(output, &row)?;
            }
        }
        Ok(())
    }

    fn records(
        &self,
        output: &mut Output,
        document: usize,
        prompt: &str,
        loaded: &LoadedModel,
        followed: &Followed,
    ) -> Result<(), CliError> {
        for (turn, moment) in self.values.iter().zip(&followed.moments) {
            let rows = moment.rows.iter();
            let rows = rows.map(|row| RowRecord::of(row, loaded.tokenizer.token_bytes(row.id)));
            let mut record = OddsRecord::of(document, moment, prompt, rows.collect(), Vec::new());
            record.u = turn.sampler.method.draws().then_some(moment.u);
            record.over = Some(TurnedSetting::of(&self.field, &turn.text));
            output.json(&Record::Odds(record))?;
        }
        Ok(())
    }

    /// A line a value, a column a token.
    fn print(&self, output: &mut Output, followed: &Followed) -> Result<(), CliError> {
        let name = self.field.replace('_', "-");
        let values = self.values.iter().map(|turn| turn.text.width());
        let first = values.chain([name.width()]).max().unwrap_or(0);
        let right = |text: &str, width: usize| {
            format!("{}{text}", " ".repeat(width.saturating_sub(text.width())))
        };
        let columns = followed.tokens.iter();
        let widths: Vec<usize> = columns.map(|(_, name)| name.width().max(8)).collect();
        let mut head = format!("{}    left  entropy", right(&name, first));
        for ((_, name), width) in followed.tokens.iter().zip(&widths) {
            head += &format!("  {}", right(name, *width));
        }
        output.line(&head)?;
        for (turn, moment) in self.values.iter().zip(&followed.moments) {
            let mut line = format!(
                "{}  {:>6}  {:>7.3}",
                right(&turn.text, first),
                moment.kept,
                moment.final_entropy
            );
            for ((id, _), width) in followed.tokens.iter().zip(&widths) {
                let probability = probability(moment, *id);
                let said = if probability > 0.0 {
                    percent(probability)
                } else {
                    "cut".to_owned()
                };
                line += &format!("  {}", right(&said, *width));
            }
            output.line(&line)?;
        }
        Ok(())
    }

    /// What a picture shows of it.
    fn drawn(&self, followed: &Followed, prompt: &str) -> Over {
        let steps = self.values.iter().zip(&followed.moments);
        let steps = steps.map(|(turn, moment)| OverStep {
            value: turn.text.clone(),
            kept: moment.kept,
            entropy: moment.final_entropy,
            probabilities: followed
                .tokens
                .iter()
                .map(|(id, _)| probability(moment, *id))
                .collect(),
            taken: followed
                .tokens
                .iter()
                .position(|(id, _)| Some(*id) == moment.pick),
        });
        Over {
            setting: self.field.clone(),
            after: end_of(prompt, CHART_CONTEXT),
            vocabulary: followed.moments[0].vocabulary,
            steps: steps.collect(),
            tokens: followed.tokens.iter().map(|it| it.1.clone()).collect(),
        }
    }
}

fn probability(moment: &Moment, id: u32) -> f32 {
    let row = moment.rows.iter().find(|row| row.id == id);
    row.map_or(0.0, |row| row.final_probability)
}
