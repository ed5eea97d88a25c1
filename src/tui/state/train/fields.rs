//! What the form of a run asks: each a key of the recipe, with a word on why.

use crate::training::presets::DEMO;

/// What a field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    /// Texts with `;` between.
    List,
    /// A whole number from 0.
    Whole,
    Number,
    Choice(&'static [&'static str]),
}

/// For which runs a field has a meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Always,
    /// From scratch.
    Scratch,
    /// From a trained model.
    Finetune,
}

/// A field of the form.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    /// The recipe's key; empty for what is no part of the recipe.
    pub key: &'static str,
    pub name: &'static str,
    pub kind: Kind,
    pub when: When,
    /// What holds where the recipe says nothing.
    pub absent: &'static str,
    pub why: &'static str,
}

/// The field that chooses the defaults of all others.
pub const BASE: usize = 0;
/// The field that says what is learned from.
pub const CORPUS: usize = 1;
/// The run's name.
pub const NAME: usize = 3;
/// The field that says what becomes of a run of the same name.
pub const RESTORE: usize = 4;

/// Where the run begins, as [`RESTORE`] has it.
pub const FRESH: &str = "fresh";
pub const LATEST: &str = "go on";
pub const OVERWRITE: &str = "overwrite";

/// The choices of [`BASE`] that are no presets.
pub const FINETUNE: &str = "finetune";
pub const SCRATCH: &str = "from scratch";

macro_rules! fields {
    ($($when:ident $key:literal $name:literal, $kind:expr, $absent:literal, $why:literal;)*) => {
        /// All fields, in the order of the form.
        pub static FIELDS: &[Field] = &[$(Field {
            key: $key,
            name: $name,
            kind: $kind,
            when: When::$when,
            absent: $absent,
            why: $why,
        },)*];
    };
}

fields! {
    Always "" "what", Kind::Choice(&[FINETUNE, DEMO, SCRATCH, "mini-imdb", "mini-books", "gpt2"]), "",
        "Finetuning goes on with a trained model and needs little text and time; the demo does so with texts that are in the program; from scratch everything is learned. The others are the recipes of the tutorials and the shape of GPT-2.";
    Always "data.corpus.files" "corpus", Kind::List, "",
        "What is learned from: .txt, .csv, .json, .jsonl, each also with .gz or .xz, or directories of them. Paste a path here.";
    Finetune "model.from" "model", Kind::Text, "",
        "The model to go on with: embedded, a directory, a hub id. It is loaded a second time, so that Play keeps its own.";
    Always "run.name" "run name", Kind::Text, "",
        "The directory below runs/ that keeps recipe, metrics, samples and checkpoints.";
    Always "" "if it exists", Kind::Choice(&[FRESH, LATEST, OVERWRITE]), "",
        "fresh refuses where a run of this name exists, go on continues after its newest checkpoint, overwrite deletes it first.";
    Always "training.epochs" "epochs", Kind::Whole, "",
        "How often the whole corpus is seen. Each time the loss falls less; small corpora are learned by heart.";
    Always "training.steps" "steps", Kind::Whole, "",
        "How many updates; 0 counts epochs instead.";
    Always "training.batch" "batch", Kind::Whole, "",
        "Sequences in an update: more give steadier gradients and take more memory and time.";
    Always "data.context" "context", Kind::Whole, "the model's",
        "Tokens in a sequence: what the model can look back on while it learns. Attention costs its square.";
    Always "schedule.learning_rate" "learning rate", Kind::Number, "",
        "How far an update moves. Too high and the loss rises or becomes no number, too low and nothing happens. It can be changed while the run goes.";
    Always "schedule.course" "schedule", Kind::Choice(&["constant", "linear", "cosine"]), "",
        "How the rate falls: big moves first, small ones at the end, which settles the loss.";
    Always "schedule.warmup" "warm-up steps", Kind::Whole, "",
        "Steps over which the rate rises from nothing: the first gradients are the wildest.";
    Always "optimizer.method" "optimizer", Kind::Choice(&["adam_w", "adam", "sgd", "muon"]), "",
        "AdamW is what GPT-2 training uses, Adam is as Keras has it, SGD is the plain rule with momentum, Muon learns faster from scratch.";
    Always "optimizer.weight_decay" "weight decay", Kind::Number, "",
        "How much AdamW draws weights toward zero: against learning by heart.";
    Always "optimizer.clip" "clip", Kind::Number, "",
        "The gradient's norm is cut to this: one odd batch cannot throw the run. 0 is off.";
    Always "training.accumulate" "accumulate", Kind::Whole, "",
        "Batches whose gradients make one update: a large batch in the memory of a small one.";
    Scratch "model.layers" "layers", Kind::Whole, "4",
        "Depth: how many times each position looks back and thinks.";
    Scratch "model.heads" "heads", Kind::Whole, "4",
        "How many things a layer can look back at in one go; divides the width.";
    Scratch "model.width" "width", Kind::Whole, "256",
        "Numbers in a position's state. Parameters grow with its square.";
    Scratch "model.feed_forward" "feed-forward", Kind::Whole, "4 × width",
        "Numbers in the middle of the feed-forward layer, where most parameters are.";
    Scratch "model.context" "positions", Kind::Whole, "256",
        "The longest text that the model can ever read at once.";
    Scratch "tokenizer.train.kind" "tokenizer", Kind::Choice(&["byte_level_bpe", "word_piece", "word_level"]), "",
        "Byte pairs can write any text; word pieces and words cannot, but are what the tutorials use.";
    Scratch "tokenizer.train.vocabulary" "vocabulary", Kind::Whole, "",
        "Tokens to learn: more make texts shorter and the head larger.";
    Finetune "model.freeze" "freeze", Kind::Choice(&["nothing", "all_but_layers"]), "",
        "all_but_layers leaves the embeddings as they are: less to learn, less to forget.";
    Finetune "model.lora.rank" "LoRA rank", Kind::Whole, "",
        "Learn small matrices beside frozen weights instead of the weights; 0 is off. Merged on export.";
    Always "model.dropout.residual" "dropout", Kind::Number, "",
        "Share of numbers dropped while learning, against learning by heart; 0 is off.";
    Always "data.validation" "validation share", Kind::Number, "",
        "Documents held out: only their loss tells learning from learning by heart.";
    Always "data.packing" "packing", Kind::Choice(&["windows", "documents"]), "",
        "windows joins documents and cuts them evenly, wasting nothing; documents gives each a sequence of its own, cut and padded.";
    Always "data.corpus.column" "column", Kind::Text, "the only one",
        "Of a .csv or .tsv: the column to learn from.";
    Always "data.corpus.field" "field", Kind::Text, "text or document",
        "Of .json and .jsonl: the field to learn from; a list is joined with line breaks.";
    Always "evaluation.every" "validate every", Kind::Whole, "",
        "Steps between validations; 0 is at the end of each epoch, and some eight times a run.";
    Always "evaluation.sample_every" "sample every", Kind::Whole, "",
        "Steps between samples and probe odds; 0 is at the end of each epoch, and some eight times a run.";
    Always "evaluation.prompts" "prompts", Kind::List, "none: samples of anything",
        "Samples begin with these, by the sampler of Play as it stands now.";
    Always "evaluation.probe" "probe", Kind::Text, "none",
        "The odds of what follows this are noted with the samples: watch them shift from noise to sense.";
    Always "checkpoints.every" "checkpoint every", Kind::Whole, "",
        "Steps between checkpoints; 0 is once an epoch. Each can be opened in Play.";
    Always "checkpoints.keep" "keep", Kind::Whole, "",
        "Newest checkpoints that stay, and the best by validation besides; 0 keeps all.";
    Always "checkpoints.weights" "weights, MB", Kind::Whole, "2,000, or 1/10 of what is free",
        "Megabytes for the weights of past epochs, kept without the optimizer's state so that you can look back; 0 keeps none.";
    Always "training.patience" "patience", Kind::Whole, "",
        "Stop after so many validations without a better one; 0 is off.";
    Always "training.recompute" "recompute", Kind::Choice(&["false", "true"]), "",
        "Keep less for the backward pass and compute it again: less memory, a third more time.";
    Always "run.seed" "seed", Kind::Whole, "",
        "The same seed, data and machine give the same losses.";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::Layers;
    use crate::training::presets::PRESETS;

    #[test]
    fn every_field_is_a_key_of_a_recipe() {
        for field in FIELDS.iter().filter(|field| !field.key.is_empty()) {
            let layers = Layers::new(Some("embedded")).expect("defaults");
            let known = layers.get(field.key).is_some() || !field.absent.is_empty();
            assert!(known, "{} has no default", field.key);
            assert!(field.why.ends_with('.'), "{}", field.name);
        }
        assert_eq!(FIELDS[RESTORE].name, "if it exists");
        assert_eq!(FIELDS[CORPUS].name, "corpus");
        assert_eq!(FIELDS[NAME].key, "run.name");
        let Kind::Choice(bases) = FIELDS[BASE].kind else {
            panic!("a choice");
        };
        let known = |base: &&str| [FINETUNE, SCRATCH].contains(base) || PRESETS.contains(base);
        assert!(bases.iter().all(known));
    }

    #[test]
    fn every_choice_is_one_that_a_recipe_takes() {
        for field in FIELDS.iter().filter(|field| !field.key.is_empty()) {
            let Kind::Choice(choices) = field.kind else {
                continue;
            };
            for choice in choices {
                let mut layers = Layers::new(None).expect("defaults");
                let value = match choice.parse::<bool>() {
                    Ok(flag) => toml::Value::Boolean(flag),
                    Err(_) => toml::Value::String((*choice).to_owned()),
                };
                layers.set(field.key, value);
                let read = layers.recipe();
                assert!(read.is_ok(), "{} {choice}: {read:?}", field.key);
            }
        }
    }
}
