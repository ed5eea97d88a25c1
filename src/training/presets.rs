//! Recipes by name: GPT-2's sizes, the tutorials', and the demonstration.

use std::path::PathBuf;

use super::data::{DataSettings, Packing};
use super::network::{DropoutRates, Initial};
use super::optimizer::{Method, OptimizerSettings};
use super::recipe::{
    EvaluationSettings, LoopSettings, ModelSettings, Recipe, RunSettings, TokenizerChoice,
};
use super::schedule::{Course, Schedule};
use crate::decoding::GenerationSettings;
use crate::model::Activation;
use crate::sampling::{Method as Sampling, SamplerSettings};
use crate::text::corpus::{CorpusSettings, Filters, Split, WEATHER};
use crate::text::{TokenizerKind, TokenizerSettings};

/// The names of all presets.
pub const PRESETS: [&str; 9] = [
    DEMO,
    STYLE,
    NOTHING,
    "gpt2",
    "gpt2-medium",
    "gpt2-large",
    "gpt2-xl",
    "mini-imdb",
    "mini-books",
];

/// The recipe that shows within minutes, offline, how a finetuning changes what a model writes.
pub const DEMO: &str = "demo";

/// The same, so short that one can wait for it: 7 seconds on two cores of an EPYC (Zen 5).
pub const STYLE: &str = "demo-style";

/// The recipe that shows, offline, how language comes from nothing: 2 seconds on two cores of an EPYC (Zen 5).
pub const NOTHING: &str = "demo-nothing";

/// The recipe of a name, if there is one.
pub fn preset(name: &str) -> Option<Recipe> {
    Some(match name {
        DEMO => demo(),
        STYLE => style(),
        NOTHING => nothing(),
        "gpt2" => gpt2(768, 12, 12),
        "gpt2-medium" => gpt2(1024, 24, 16),
        "gpt2-large" => gpt2(1280, 36, 20),
        "gpt2-xl" => gpt2(1600, 48, 25),
        "mini-imdb" => mini_imdb(),
        "mini-books" => mini_books(),
        _ => return None,
    })
}

/// The model inside of the program, finetuned on the weather reports inside of it.
fn demo() -> Recipe {
    let sampler = SamplerSettings {
        temperature: 0.7,
        ..SamplerSettings::default()
    };
    let mut recipe = Recipe {
        run: RunSettings {
            name: DEMO.to_owned(),
            ..RunSettings::default()
        },
        model: ModelSettings {
            from: "embedded".to_owned(),
            ..ModelSettings::default()
        },
        data: DataSettings {
            corpus: CorpusSettings {
                files: vec![PathBuf::from(WEATHER)],
                split: Split::Lines,
                ..CorpusSettings::default()
            },
            context: 128,
            ..DataSettings::default()
        },
        training: LoopSettings {
            epochs: 6,
            ..LoopSettings::default()
        },
        evaluation: EvaluationSettings {
            probe: "The wind".to_owned(),
            ..samples("Weather for", sampler, 60)
        },
        ..Recipe::default()
    };
    recipe.schedule = Schedule {
        learning_rate: 5e-4,
        course: Course::Linear,
        warmup: 10,
        ..recipe.schedule
    };
    recipe
}

/// The demonstration, so short that one can wait for it.
fn style() -> Recipe {
    let mut recipe = demo();
    recipe.run.name = DEMO.to_owned();
    recipe.training.epochs = 4;
    recipe.schedule.learning_rate = 1e-3;
    recipe.schedule.warmup = 4;
    recipe
}

/// A small network of random weights, and the weather reports inside of the program.
fn nothing() -> Recipe {
    let mut recipe = demo();
    recipe.run.name = "nothing".to_owned();
    recipe.model = ModelSettings {
        layers: Some(2),
        heads: Some(4),
        width: Some(128),
        context: Some(128),
        ..ModelSettings::default()
    };
    recipe.tokenizer.train.vocabulary = 512;
    recipe.data.context = 64;
    recipe.training.epochs = 6;
    recipe.schedule.learning_rate = 4e-3;
    recipe.schedule.course = Course::Cosine;
    recipe.evaluation.times = 8;
    recipe
}

fn gpt2(width: usize, layers: usize, heads: usize) -> Recipe {
    let mut recipe = Recipe {
        model: ModelSettings {
            layers: Some(layers),
            heads: Some(heads),
            width: Some(width),
            context: Some(1024),
            vocabulary: Some(50_257),
            ..ModelSettings::default()
        },
        tokenizer: TokenizerChoice {
            from: String::new(),
            train: TokenizerSettings {
                vocabulary: 50_257,
                ..TokenizerSettings::default()
            },
        },
        optimizer: OptimizerSettings {
            beta2: 0.95,
            weight_decay: 0.1,
            ..OptimizerSettings::default()
        },
        ..Recipe::default()
    };
    recipe.schedule.learning_rate = 6e-4;
    recipe
}

/// What both tutorials share: blocks with the norms after the sums and a head of its own with a bias, by Keras' layers
/// and Keras' Adam.
fn keras(model: ModelSettings) -> Recipe {
    Recipe {
        model: ModelSettings {
            width: Some(256),
            post_norm: Some(true),
            activation: Some(Activation::Relu),
            tied: Some(false),
            head_bias: Some(true),
            initial: Initial::Keras,
            ..model
        },
        optimizer: OptimizerSettings {
            method: Method::Adam,
            epsilon: 1e-7,
            clip: 0.0,
            ..OptimizerSettings::default()
        },
        ..Recipe::default()
    }
}

fn samples(prompt: &str, sampler: SamplerSettings, max_tokens: usize) -> EvaluationSettings {
    EvaluationSettings {
        prompts: vec![prompt.to_owned()],
        sampler,
        generation: GenerationSettings {
            max_tokens,
            detect_loops: false,
            ..GenerationSettings::default()
        },
        probe: prompt.to_owned(),
        ..EvaluationSettings::default()
    }
}

/// Keras' "Text generation with a miniature GPT": IMDB reviews, one of 80 words a sequence, padding counted.
fn mini_imdb() -> Recipe {
    let sampler = SamplerSettings {
        top_k: 10,
        ..SamplerSettings::default()
    };
    Recipe {
        tokenizer: TokenizerChoice {
            from: String::new(),
            train: TokenizerSettings {
                kind: TokenizerKind::WordLevel,
                vocabulary: 20_000,
                ..TokenizerSettings::default()
            },
        },
        data: DataSettings {
            packing: Packing::Documents,
            end: String::new(),
            count_padding: true,
            validation: 0.0,
            ..DataSettings::default()
        },
        training: LoopSettings {
            batch: 128,
            epochs: 25,
            ..LoopSettings::default()
        },
        evaluation: samples("this movie is", sampler, 40),
        ..keras(ModelSettings {
            layers: Some(1),
            heads: Some(2),
            head_width: Some(256),
            feed_forward: Some(256),
            context: Some(80),
            vocabulary: Some(20_000),
            norm_epsilon: Some(1e-6),
            dropout: DropoutRates {
                residual: 0.1,
                ..DropoutRates::default()
            },
            ..ModelSettings::default()
        })
    }
}

/// KerasHub's "GPT text generation from scratch": lines of books over 512 characters, 128 pieces of words each.
fn mini_books() -> Recipe {
    let sampler = SamplerSettings {
        method: Sampling::Sample,
        top_k: 10,
        ..SamplerSettings::default()
    };
    Recipe {
        tokenizer: TokenizerChoice {
            from: String::new(),
            train: TokenizerSettings {
                kind: TokenizerKind::WordPiece,
                vocabulary: 5000,
                ..TokenizerSettings::default()
            },
        },
        data: DataSettings {
            corpus: CorpusSettings {
                split: Split::Lines,
                filters: Filters {
                    min_chars: 513,
                    ..Filters::default()
                },
                ..CorpusSettings::default()
            },
            packing: Packing::Documents,
            begin: "[BOS]".to_owned(),
            end: String::new(),
            ..DataSettings::default()
        },
        training: LoopSettings {
            batch: 64,
            epochs: 5,
            ..LoopSettings::default()
        },
        evaluation: samples("[BOS]", sampler, 80),
        ..keras(ModelSettings {
            layers: Some(2),
            heads: Some(3),
            head_width: Some(85),
            feed_forward: Some(128),
            context: Some(128),
            vocabulary: Some(5000),
            norm_epsilon: Some(1e-5),
            ..ModelSettings::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_have_exactly_their_parameters() {
        let count = |name: &str| {
            let recipe = preset(name).expect("a preset");
            let vocabulary = recipe.tokenizer.train.vocabulary;
            recipe
                .model
                .shape(vocabulary)
                .expect("a shape")
                .parameters()
        };
        assert_eq!(count("mini-imdb"), 10_939_168);
        assert_eq!(count("mini-books"), 3_255_938);
        assert_eq!(count("gpt2"), 124_439_808);
        assert_eq!(count("gpt2-xl"), 1_557_611_200);
        assert!(PRESETS.iter().all(|name| preset(name).is_some()) && preset("gpt3").is_none());
    }

    #[test]
    fn a_recipe_survives_toml() {
        for name in PRESETS {
            let recipe = preset(name).expect("a preset");
            let text = toml::to_string(&recipe).expect("TOML");
            let back: Recipe =
                toml::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
            assert_eq!(recipe, back);
        }
    }
}
