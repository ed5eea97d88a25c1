//! The sampler's flags: one for every knob, made from the knobs themselves.

use std::path::Path;

use clap::{Arg, ArgAction, ArgMatches, Command, FromArgMatches};
use toml::Value;

use crate::sampling::{KNOBS, Method, StageKind, TEXT_KNOBS, TextKnob};
use crate::text::read_text;

/// The heading of help below which they stand.
pub const HEADING: &str = "Sampler";

/// Sampler settings given as flags: keys of the `[sampler]` table and their values.
#[derive(Debug, Clone, Default)]
pub struct SamplerArgs {
    pub settings: Vec<(String, Value)>,
}

/// What llama.cpp and transformers call a knob's flag: field, their name.
const ALIASES: [(&str, &str); 4] = [
    ("temperature", "temp"),
    ("repetition_penalty", "repeat-penalty"),
    ("penalty_window", "repeat-last-n"),
    ("no_repeat_ngram", "no-repeat-ngram-size"),
];

/// What `-h` shows; `--help` shows all.
const SHORT: [&str; 8] = [
    "preset",
    "method",
    "temperature",
    "top_k",
    "top_p",
    "min_p",
    "repetition_penalty",
    "dry_multiplier",
];

/// The flags that are no knobs: field, flag, value's name, whether it may repeat, help.
const OTHERS: [(&str, &str, &str, bool, &str); 7] = [
    (
        "preset",
        "preset",
        "NAME",
        false,
        "Start from a named preset of the configuration",
    ),
    (
        "method",
        "method",
        "METHOD",
        false,
        "How a token is chosen from what the chain leaves",
    ),
    (
        "order",
        "order",
        "STAGE,STAGE",
        true,
        "The stages in the order in which they run",
    ),
    (
        "disabled",
        "disable",
        "STAGE",
        true,
        "Switch a stage off, whatever its setting",
    ),
    ("banned", "ban", "TEXT", true, "Forbid completing this text"),
    (
        "logit_bias",
        "logit-bias",
        "TEXT=BIAS",
        true,
        "Add to a token's logit; #ID=BIAS names it by id",
    ),
    (
        "dry_breakers",
        "dry-breaker",
        "TEXT",
        true,
        "A text across which DRY follows no repeat",
    ),
];

impl clap::Args for SamplerArgs {
    fn augment_args(command: Command) -> Command {
        let knobs = KNOBS.iter().map(|knob| {
            let theirs = ALIASES.iter().filter(|(field, _)| *field == knob.field);
            Arg::new(knob.field)
                .long(knob.field.replace('_', "-"))
                .aliases(theirs.map(|&(_, alias)| alias))
                .value_name("N")
                .allow_negative_numbers(true)
                .value_parser(clap::value_parser!(f64))
                .help_heading(HEADING)
                .hide_short_help(!SHORT.contains(&knob.field))
                .help(knob.why.trim_end_matches('.'))
        });
        let others = OTHERS.iter().map(|&(field, flag, value, repeats, help)| {
            let arg = Arg::new(field)
                .long(flag)
                .value_name(value)
                .help_heading(HEADING)
                .hide_short_help(!SHORT.contains(&field))
                .help(help);
            let arg = match field {
                "method" => arg.value_parser(Method::ALL.map(Method::name)),
                "order" => arg.value_delimiter(','),
                _ => arg,
            };
            let arg = match field {
                "order" | "disabled" => arg.value_parser(StageKind::ALL.map(StageKind::name)),
                _ => arg,
            };
            if repeats {
                arg.action(ArgAction::Append)
            } else {
                arg
            }
        });
        let texts = TEXT_KNOBS.iter().map(|knob| {
            Arg::new(knob.field)
                .long(knob.flag)
                .value_name(knob.value_name)
                .allow_hyphen_values(true)
                .help_heading(HEADING)
                .hide_short_help(true)
                .help(knob.why.trim_end_matches('.'))
        });
        command.args(others).args(texts).args(knobs)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for SamplerArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut args = Self::default();
        args.update_from_arg_matches(matches)?;
        Ok(args)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for (field, _, _, repeats, _) in OTHERS {
            let values: Vec<String> = matches
                .get_many::<String>(field)
                .map(|values| values.cloned().collect())
                .unwrap_or_default();
            if values.is_empty() {
                continue;
            }
            let value = match (field, repeats) {
                ("logit_bias", _) => biases(&values)?,
                (_, true) => Value::Array(values.into_iter().map(Value::String).collect()),
                (_, false) => Value::String(values.concat()),
            };
            self.settings.push((field.to_owned(), value));
        }
        for knob in TEXT_KNOBS {
            if let Some(text) = matches.get_one::<String>(knob.field) {
                let text = grammar_text(knob, text)?;
                self.settings
                    .push((knob.field.to_owned(), Value::String(text)));
            }
        }
        for knob in KNOBS {
            if let Some(&number) = matches.get_one::<f64>(knob.field) {
                let value = if knob.whole && number.fract() == 0.0 {
                    Value::Integer(number as i64)
                } else {
                    Value::Float(number)
                };
                self.settings.push((knob.field.to_owned(), value));
            }
        }
        Ok(())
    }
}

/// Larger files are no grammars.
const LARGEST_GRAMMAR: u64 = 4_000_000;

/// What was given for a schema or a Lark grammar is the thing itself, or the name of a file that holds it. A schema is
/// an object, and a grammar has a rule called `start`.
fn grammar_text(knob: &TextKnob, given: &str) -> Result<String, clap::Error> {
    let is_text = match knob.field {
        "grammar_json_schema" => {
            let given = given.trim();
            given.is_empty() || given.starts_with('{') || ["true", "false"].contains(&given)
        }
        "grammar_lark" => given.trim().is_empty() || given.contains("start:"),
        _ => true,
    };
    if is_text {
        return Ok(given.to_owned());
    }
    read_text(Path::new(given), LARGEST_GRAMMAR).map_err(|error| {
        clap::Error::raw(
            clap::error::ErrorKind::ValueValidation,
            format!("--{} {given}: {error}\n", knob.flag),
        )
    })
}

/// `TEXT=BIAS`, split at the last equals sign, so that the text may hold others.
fn biases(values: &[String]) -> Result<Value, clap::Error> {
    let mut table = toml::Table::new();
    for value in values {
        let (text, bias) = value
            .rsplit_once('=')
            .and_then(|(text, bias)| Some((text, bias.trim().parse::<f64>().ok()?)))
            .ok_or_else(|| {
                clap::Error::raw(
                    clap::error::ErrorKind::ValueValidation,
                    format!("--logit-bias {value}: expected TEXT=NUMBER, such as \" the=-2\"\n"),
                )
            })?;
        table.insert(text.to_owned(), Value::Float(bias));
    }
    Ok(Value::Table(table))
}
