//! Which lanes there are, and which models they want.

use super::CompareArgs;
use crate::cli::CliError;
use crate::config::{Config, LaneSpec, Sweep};
use crate::decoding::LaneSettings;

/// Lanes that can be told apart on a screen, and on a chart by their colours.
const MOST: usize = 8;

/// What is to be compared.
pub struct Plan {
    pub lanes: Vec<Planned>,
    /// The models by their names, that of the first lane first.
    pub models: Vec<String>,
}

/// A lane before it runs.
pub struct Planned {
    /// What was written of it.
    pub text: String,
    pub settings: LaneSettings,
    /// Which of the models.
    pub model: usize,
}

impl Plan {
    /// The lanes that the arguments ask for.
    ///
    /// # Errors
    /// When one is wrong, with the part that is, or there are too few or too many.
    pub fn new(args: &CompareArgs, config: &Config) -> Result<Self, CliError> {
        let written = |flag: &str| {
            let flag = flag.to_owned();
            move |error| CliError::usage(format!("{flag} {error}"))
        };
        let mut specs = Vec::new();
        for text in &args.lane {
            specs.push(("--lane", LaneSpec::parse(text).map_err(written("--lane"))?));
        }
        if let Some(sweep) = &args.sweep {
            let sweep = Sweep::parse(sweep).map_err(written("--sweep"))?;
            for lane in sweep.lanes() {
                let spec = LaneSpec::parse(&lane).map_err(written("--sweep"))?;
                specs.push(("--sweep", spec));
            }
        }
        if specs.len() == 1 {
            specs.insert(0, ("--lane", LaneSpec::default()));
        }
        match specs.len() {
            0 => {
                return Err(CliError::usage(
                    "there is nothing to compare: give --lane \"temperature=0.7\", or --sweep temperature=0.2..1.6/5",
                ));
            }
            lanes if lanes > MOST => {
                return Err(CliError::usage(format!(
                    "{lanes} lanes cannot be told apart; give --lane and --sweep at most {MOST} together"
                )));
            }
            _ => {}
        }
        let mut plan = Self {
            lanes: Vec::new(),
            models: Vec::new(),
        };
        for (flag, spec) in specs {
            let sampler = spec.sampler(&config.sampler, |name, base| config.preset(name, base));
            let sampler = sampler.map_err(written(flag))?;
            let model = spec.model.clone();
            let model = model.unwrap_or_else(|| config.model.source.clone());
            let model = plan.place_of(model);
            plan.lanes.push(Planned {
                model,
                settings: LaneSettings {
                    sampler,
                    seed: spec.seed.unwrap_or(config.generation.seed),
                },
                text: if spec.text.is_empty() {
                    "as set".to_owned()
                } else {
                    spec.text
                },
            });
        }
        Ok(plan)
    }

    fn place_of(&mut self, model: String) -> usize {
        let known = self.models.iter().position(|other| *other == model);
        known.unwrap_or_else(|| {
            self.models.push(model);
            self.models.len() - 1
        })
    }
}
