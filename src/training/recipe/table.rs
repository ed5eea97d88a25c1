//! The table of keys, by the headings of help. What stands in no row here can be said in a file alone.

use super::keys::Takes::{
    Either, Lines, OneOf, Own, Path, Paths, Real, SomeOf, Text, Texts, Truth, Whole,
};
use super::keys::When::{Finetune, Scratch};
use super::keys::{Key, Takes};
use super::notation::{around, cut, frozen, separator, unescaped};

const fn key(path: &'static str, takes: Takes) -> Key {
    Key::new(path, takes)
}

pub(super) static SECTIONS: [(&str, &[Key]); 7] = [
    ("Data", CORPUS),
    ("Run", RUN),
    ("Data", DATA),
    ("Tokenizer", TOKENIZER),
    ("Shape (train)", SHAPE),
    ("Training", TRAINING),
    ("Looking", LOOKING),
];

const CORPUS: &[Key] = &[
    key("data.corpus.files", Paths)
        .flag("", "FILE", "Texts: .txt, .csv, .tsv, .json, .jsonl, each also with .gz or .xz, or directories of them; or what `encode` wrote")
        .row("corpus", "", "What is learned from: .txt, .csv, .json, .jsonl, each also with .gz or .xz, or directories of them. Paste a path here."),
    key("data.corpus.column", Text)
        .flag("column", "NAME", "The column of a table; other kinds of files in a directory are left out")
        .row("column", "the only one", "Of a .csv or .tsv: the column to learn from."),
    key("data.corpus.separator", Own(&[], separator))
        .flag("separator", "CHARACTER|tab", "What separates the columns of a table [default: seen from its rows]"),
    key("data.corpus.field", Text)
        .flag("field", "NAME", "The field of a JSON record; other kinds of files in a directory are left out")
        .row("field", "text or document", "Of .json and .jsonl: the field to learn from; a list is joined with line breaks."),
    key("data.corpus.join", Own(&[], unescaped))
        .flag("join", "TEXT", "Join a list of texts in a JSON record with this; \\n is a line break [default: \\n]"),
    key("data.corpus.wrap", Own(&[], around))
        .flag("wrap", "START,END", "Put around each text of a table; a table of one column has <|startoftext|>,<|endoftext|>"),
    key("data.corpus.split", Own(&[], cut))
        .flag("split", "file|lines|TEXT", "Cut text files into documents: not (file), at line breaks (lines), or at this text; \\n is a line break")
        .row("documents", "", "Where a text file is cut into documents: file (not at all), lines, or a text that stands between them. Documents are what is held out for validation."),
    key("data.corpus.filters.min_chars", Whole)
        .flag("min-chars", "N", "Leave shorter documents out"),
    key("data.corpus.filters.normalisation", OneOf(&["none", "nfc", "nfd", "nfkc", "nfkd"]))
        .flag("normalise", "FORM", "Unicode normalisation"),
    key("data.corpus.filters.standardise", Truth)
        .switch("standardise", "true", "Lower case, <br /> removed, punctuation apart, as in the mini-GPT tutorial"),
    key("data.corpus.filters.exclude", Lines)
        .flag("exclude-words", "FILE", "Leave out lines with one of the words in this file (one a line, # for remarks); validation files keep theirs"),
    key("data.corpus.strict", Truth)
        .switch("strict", "true", "End with an error where a line, a row or a file would be left out because it cannot be read"),
];

const RUN: &[Key] = &[
    key("run.name", Text)
        .flag("run-name", "NAME", "The run's name")
        .row("run name", "", "The directory below runs/ that keeps recipe, metrics, samples and checkpoints."),
    key("run.directory", Path)
        .flag("runs", "DIR", "The directory of all runs [default: runs]"),
    key("run.cache", Path)
        .flag("cache", "DIR", "Where encoded corpora are kept [default: .cache in the directory of all runs]"),
    key("run.seed", Whole)
        .flag("seed", "SEED", "Seeds first weights, split, order and dropout")
        .row("seed", "", "The same seed, data and machine give the same losses."),
    key("checkpoints.every", Whole)
        .flag("checkpoint-every", "N", "Steps between checkpoints; 0 is once an epoch")
        .row("checkpoint every", "", "Steps between checkpoints; 0 is once an epoch. Each can be opened in Play."),
    key("checkpoints.keep", Whole)
        .flag("keep", "N", "How many checkpoints are kept, and the best besides; 0 keeps all")
        .row("keep", "", "Newest checkpoints that stay, and the best by validation besides; 0 keeps all."),
    key("checkpoints.weights", Whole)
        .flag("keep-weights", "MB", "Megabytes for the weights of past epochs, kept to look back at without the optimizer's state; 0 keeps none [default: the smaller of 2000 and a tenth of what is free on the disk]")
        .row("weights, MB", "2,000, or 1/10 of what is free", "Megabytes for the weights of past epochs, kept without the optimizer's state so that you can look back; 0 keeps none."),
];

const DATA: &[Key] = &[
    key("data.validation", Real)
        .flag("validation", "SHARE", "Share of the corpus' tokens held out for validation")
        .row("validation share", "", "Documents held out: only their loss tells learning from learning by heart."),
    key("data.validation_files", Paths)
        .flag("validation-file", "FILE", "Validate on this file instead")
        .row("validation file", "none: a share of the corpus", "Texts to validate on that are not of the corpus."),
    key("data.packing", OneOf(&["windows", "documents"]))
        .flag("packing", "HOW", "Documents joined and cut into windows, or one document a sequence")
        .row("packing", "", "windows joins documents and cuts them evenly, wasting nothing; documents gives each a sequence of its own, cut and padded."),
    key("data.context", Whole)
        .flag("context", "N", "Positions in a sequence; for `train` also those of the model")
        .row("context", "the model's", "Tokens in a sequence: what the model can look back on while it learns. Attention costs its square."),
    key("data.begin", Text)
        .flag("begin", "TOKEN", "A token before each document"),
    key("data.end", Text)
        .flag("end", "TOKEN", "A token after each document"),
    key("data.pad", Text)
        .flag("pad", "TOKEN", "The token that fills sequences up"),
    key("data.count_padding", Truth)
        .switch("count-padding", "true", "Count padding in the loss"),
    key("data.take", Whole)
        .flag("take", "N", "Use so many batches of each epoch"),
];

const TOKENIZER: &[Key] = &[
    key("tokenizer.from", Text)
        .flag("tokenizer", "SOURCE", "A tokenizer.json, or a model whose tokenizer is taken"),
    key("tokenizer.train.kind", OneOf(&["byte_level_bpe", "word_piece", "word_level"]))
        .flag("tokenizer-kind", "KIND", "What kind of tokenizer is made of the corpus")
        .row("tokenizer", "", "Byte pairs can write any text; word pieces and words cannot, but are what the tutorials use.")
        .when(Scratch),
    key("tokenizer.train.vocabulary", Whole)
        .flag("vocabulary", "N", "Most tokens of a tokenizer that is made")
        .row("vocabulary", "", "Tokens to learn: more make texts shorter and the head larger.")
        .when(Scratch),
];

const SHAPE: &[Key] = &[
    key("model.layers", Whole)
        .flag("layers", "N", "Blocks")
        .row(
            "layers",
            "4",
            "Depth: how many times each position looks back and thinks.",
        )
        .when(Scratch),
    key("model.heads", Whole)
        .flag("heads", "N", "Attention heads")
        .row(
            "heads",
            "4",
            "How many things a layer can look back at in one go; divides the width.",
        )
        .when(Scratch),
    key("model.head_width", Whole).flag(
        "head-width",
        "N",
        "Numbers in a head's query, key or value",
    ),
    key("model.width", Whole)
        .flag("width", "N", "Length of a hidden state")
        .row(
            "width",
            "256",
            "Numbers in a position's state. Parameters grow with its square.",
        )
        .when(Scratch),
    key("model.feed_forward", Whole)
        .flag("feed-forward", "N", "Width of the feed-forward layer")
        .row(
            "feed-forward",
            "4 × width",
            "Numbers in the middle of the feed-forward layer, where most parameters are.",
        )
        .when(Scratch),
    // `--context` sets it from scratch.
    key("model.context", Whole)
        .row(
            "positions",
            "256",
            "The longest text that the model can ever read at once.",
        )
        .when(Scratch),
    key("model.post_norm", Either(&["pre", "post"])).flag(
        "norm",
        "WHERE",
        "Norms before the layers, as in GPT-2, or after the sums",
    ),
    key(
        "model.activation",
        OneOf(&["gelu_new", "gelu", "quick_gelu", "relu", "silu", "tanh"]),
    )
    .flag("activation", "NAME", "The non-linearity"),
    key("model.tied", Truth).flag("tied", "BOOL", "Whether the head is the token embedding"),
    key("model.head_bias", Truth).flag("head-bias", "BOOL", "Whether an untied head has a bias"),
    key("model.initial", OneOf(&["gpt2", "keras"])).flag("initial", "SCHEME", "First weights"),
];

const TRAINING: &[Key] = &[
    // `--model` names it, to all subcommands.
    key("model.from", Text)
        .row("model", "", "The model to go on with: embedded, a directory, a hub id. It is loaded a second time, so that Play keeps its own.")
        .when(Finetune),
    key("model.dropout.residual", Real)
        .also(&["model.dropout.embedding", "model.dropout.attention"])
        .flag("dropout", "SHARE", "Share of numbers dropped, everywhere alike")
        .row("dropout", "", "Share of numbers dropped while learning, against learning by heart; 0 is off."),
    key("model.freeze", Own(&["nothing", "all_but_layers"], frozen))
        .flag("freeze", "WHAT", "Train the blocks alone (all_but_layers), or those after the first N (first=N)")
        .row("freeze", "", "all_but_layers leaves the embeddings as they are: less to learn, less to forget.")
        .when(Finetune),
    key("model.lora.rank", Whole)
        .flag("lora-rank", "RANK", "Train small matrices of this rank beside the frozen model")
        .row("LoRA rank", "", "Learn small matrices beside frozen weights instead of the weights; 0 is off. Merged on export.")
        .when(Finetune),
    key("model.lora.alpha", Real)
        .flag("lora-alpha", "ALPHA", "LoRA's change is multiplied by this over the rank"),
    key("model.lora.targets", SomeOf(&["attention", "attention_output", "feed_forward", "feed_forward_output"]))
        .flag("lora-targets", "TARGET", "What LoRA stands beside"),
    key("optimizer.method", OneOf(&["adam_w", "adam", "sgd", "muon"]))
        .flag("optimizer", "NAME", "The optimizer")
        .row("optimizer", "", "AdamW is what GPT-2 training uses, Adam is as Keras has it, SGD is the plain rule with momentum, Muon learns faster from scratch."),
    key("schedule.learning_rate", Real)
        .flag("learning-rate", "RATE", "The highest learning rate")
        .row("learning rate", "", "How far an update moves. Too high and the loss rises or becomes no number, too low and nothing happens. It can be changed while the run goes."),
    key("schedule.course", OneOf(&["constant", "linear", "cosine"]))
        .flag("schedule", "COURSE", "The course of the learning rate")
        .row("schedule", "", "How the rate falls: big moves first, small ones at the end, which settles the loss."),
    key("schedule.warmup", Whole)
        .flag("warmup", "N", "Steps in which the rate grows to its highest")
        .row("warm-up steps", "", "Steps over which the rate rises from nothing: the first gradients are the wildest."),
    key("schedule.hold", Whole)
        .flag("hold", "N", "Steps that it then stays there before it falls"),
    key("schedule.end", Real)
        .flag("end-rate", "SHARE", "The rate at the end, as a share of the highest"),
    key("schedule.decay_steps", Whole)
        .flag("decay-steps", "N", "The step at which the end rate is reached"),
    key("optimizer.beta1", Real)
        .flag("beta1", "SHARE", "Adam's share of the mean gradient that a step keeps"),
    key("optimizer.beta2", Real)
        .flag("beta2", "SHARE", "Adam's share of the mean square that a step keeps"),
    key("optimizer.epsilon", Real)
        .flag("epsilon", "N", "Adam's least denominator"),
    key("optimizer.weight_decay", Real)
        .flag("weight-decay", "N", "The decay of matrices (adam_w, muon)")
        .row("weight decay", "", "How much AdamW draws weights toward zero: against learning by heart."),
    key("optimizer.momentum", Real)
        .flag("momentum", "SHARE", "The share of the last update that is kept (sgd, muon)"),
    key("optimizer.clip", Real)
        .flag("clip", "NORM", "Scale gradients down to this norm; 0 is off")
        .row("clip", "", "The gradient's norm is cut to this: one odd batch cannot throw the run. 0 is off."),
    key("training.batch", Whole)
        .flag("batch", "N", "Sequences in a batch")
        .row("batch", "", "Sequences in an update: more give steadier gradients and take more memory and time."),
    key("training.accumulate", Whole)
        .flag("accumulate", "N", "Batches whose gradients make one step")
        .row("accumulate", "", "Batches whose gradients make one update: a large batch in the memory of a small one."),
    key("training.steps", Whole)
        .flag("steps", "N", "How many steps")
        .row("steps", "", "How many updates; 0 counts epochs instead."),
    key("training.epochs", Whole)
        .flag("epochs", "N", "How many epochs")
        .row("epochs", "", "How often the whole corpus is seen. Each time the loss falls less; small corpora are learned by heart."),
    key("training.stop_loss", Real)
        .flag("stop-loss", "LOSS", "Stop once the smoothed loss is this low"),
    key("training.patience", Whole)
        .flag("patience", "N", "Stop after so many evaluations without improvement")
        .row("patience", "", "Stop after so many validations without a better one; 0 is off."),
    key("training.precision", OneOf(&["f32", "bf16"]))
        .switch("mixed-precision", "bf16", "Multiply brain floats: faster on GPUs, and on processors for which `bench` shows a higher rate in bf16"),
    key("training.recompute", Truth)
        .switch("recompute", "true", "Keep less for the backward pass and compute it again")
        .row("recompute", "", "Keep less for the backward pass and compute it again: less memory, a third more time."),
];

const LOOKING: &[Key] = &[
    key("evaluation.every", Whole)
        .flag("evaluate-every", "N", "Steps between evaluations; 0 is once an epoch")
        .row("validate every", "", "Steps between validations; 0 is at the end of each epoch, and some eight times a run."),
    key("evaluation.batches", Whole)
        .flag("evaluate-batches", "N", "Batches of the validation set that are evaluated; 0 is all"),
    key("evaluation.sample_every", Whole)
        .flag("sample-every", "N", "Steps between samples; 0 is once an epoch")
        .row("sample every", "", "Steps between samples and probe odds; 0 is at the end of each epoch, and some eight times a run."),
    key("evaluation.prompts", Texts)
        .flag("prompt", "TEXT", "Sample what follows this text (may be given several times) [default: a sample that begins with nothing]")
        .row("prompts", "none: samples of anything", "Samples begin with these, by the sampler of Play as it stands now."),
    key("evaluation.samples", Truth)
        .switch("no-samples", "false", "Take no samples"),
    key("evaluation.generation.max_tokens", Whole)
        .flag("max-tokens", "N", "Most tokens of a sample")
        .row("sample tokens", "", "Most tokens of a sample: longer ones show whether the thread is kept, and take their time at each look."),
    key("evaluation.generation.seed", Whole)
        .flag("sample-seed", "SEED", "The seed of the samples' draws"),
    key("evaluation.probe", Text)
        .flag("probe", "TEXT", "Follow the odds of what comes after this text")
        .row("probe", "none", "The odds of what follows this are noted with the samples: watch them shift from noise to sense."),
    key("evaluation.memorised", Whole)
        .flag("memorised", "N", "Look n-grams of samples, of this length, up in the corpus; 0 is off"),
];

#[cfg(test)]
mod tests {
    use toml::{Table, Value};

    use super::super::keys::keys;
    use super::super::layered::LayeredRecipe;

    /// What no one types often enough for a flag, and what flags of more than a recipe say.
    const IN_FILES_ALONE: [&str; 12] = [
        "evaluation.generation.detect_loops",
        "evaluation.generation.stop",
        "evaluation.generation.stop_at_end_token",
        "evaluation.probe_rows",
        "evaluation.sampler",
        "evaluation.times",
        "model.norm_epsilon",
        "model.vocabulary",
        "schedule.begin",
        "tokenizer.train.min_frequency",
        "training.device",
        "training.kernels",
    ];

    /// The names that a recipe has below a path, by what it answers to one that it does not have.
    fn names_below(path: &str) -> Vec<String> {
        let mut recipe = LayeredRecipe::of(Table::new());
        recipe.set(&format!("{path}nonsense"), Value::Integer(0));
        let Err(error) = recipe.recipe() else {
            return Vec::new();
        };
        let said = error.to_string();
        let Some((_, names)) = said.split_once("unknown field `nonsense`, expected") else {
            return Vec::new();
        };
        let names = names.split('`').skip(1).step_by(2);
        names.map(|name| format!("{path}{name}")).collect()
    }

    fn leaves(path: &str, found: &mut Vec<String>) {
        for name in names_below(path) {
            let below = names_below(&format!("{name}."));
            if below.is_empty() || name == "evaluation.sampler" {
                found.push(name);
            } else {
                leaves(&format!("{name}."), found);
            }
        }
    }

    #[test]
    fn every_key_of_a_recipe_stands_in_the_table() {
        let mut found = Vec::new();
        leaves("", &mut found);
        for path in &found {
            let alone = IN_FILES_ALONE.contains(&path.as_str());
            let set = keys().any(|(_, key)| key.path == path || key.also.contains(&path.as_str()));
            assert_ne!(set, alone, "{path}");
        }
        for (_, key) in keys() {
            for path in key.also.iter().chain([&key.path]) {
                assert!(found.iter().any(|found| found == path), "{path}");
            }
        }
    }

    #[test]
    fn no_flag_and_no_key_stands_twice() {
        let mut flags: Vec<&str> = keys().filter_map(|(_, key)| Some(key.flag?.name)).collect();
        let mut paths: Vec<&str> = keys().map(|(_, key)| key.path).collect();
        for names in [&mut flags, &mut paths] {
            let count = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), count);
        }
    }

    #[test]
    fn every_flag_that_stands_for_a_value_stands_for_one_that_is_taken() {
        for (_, key) in keys() {
            if let Some(value) = key.flag.and_then(|flag| flag.sets) {
                let mut recipe = LayeredRecipe::new(None).expect("defaults");
                key.lay(key.takes.read(&[value]).expect("a value"), &mut recipe);
                assert!(recipe.recipe().is_ok(), "{}", key.path);
            }
        }
    }
}
