//! What in a recipe is allowed and yet does nothing, or not what one would think.

use crate::model::Gpt2Config;
use crate::training::Recipe;
use crate::training::network::{Freeze, LoraSettings};

/// What should be said of a recipe for a network of this shape before it is built.
pub(super) fn remarks(recipe: &Recipe, config: &Gpt2Config) -> Vec<String> {
    let frozen = match recipe.model.freeze {
        Freeze::First(0) => Some("--freeze first=0 freezes the embeddings and no layer".to_owned()),
        Freeze::First(first) if first >= config.n_layer => Some(format!(
            "--freeze first={first} freezes all {} layers: only what comes after them is trained",
            config.n_layer
        )),
        _ => None,
    };
    frozen.into_iter().chain(of_lora(recipe, config)).collect()
}

fn of_lora(recipe: &Recipe, config: &Gpt2Config) -> Option<String> {
    let lora = &recipe.model.lora;
    let usual = LoraSettings::default();
    if lora.rank == 0 {
        let is_set = lora.alpha != usual.alpha || lora.targets != usual.targets;
        return is_set.then(|| {
            "LoRA's alpha and targets do nothing without --lora-rank: the whole model is trained"
                .to_owned()
        });
    }
    // A product of two matrices has no higher rank than what they stand beside, one of whose sides is the width here.
    let most = config.n_embd;
    if lora.alpha == 0.0 {
        return Some(
            "--lora-alpha 0 takes LoRA's change times 0: the model stays as it is".to_owned(),
        );
    }
    (lora.rank > most).then(|| {
        format!(
            "--lora-rank {} is more than the {most} that the model's matrices have: it takes more memory than training them, and learns no more than {most} does",
            lora.rank
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_nothing_is_said() {
        let config = Gpt2Config {
            n_layer: 4,
            n_embd: 256,
            ..Gpt2Config::default()
        };
        let said = |change: &dyn Fn(&mut Recipe)| {
            let mut recipe = Recipe::default();
            change(&mut recipe);
            remarks(&recipe, &config).join("; ")
        };
        assert_eq!(said(&|_| {}), "");
        assert_eq!(said(&|recipe| recipe.model.freeze = Freeze::First(3)), "");
        assert_eq!(said(&|recipe| recipe.model.lora.rank = 8), "");
        let all = said(&|recipe| recipe.model.freeze = Freeze::First(99));
        assert!(all.contains("first=99 freezes all 4 layers"), "{all}");
        let none = said(&|recipe| {
            recipe.model.lora.rank = 8;
            recipe.model.lora.alpha = 0.0;
        });
        assert!(none.contains("stays as it is"), "{none}");
        let much = said(&|recipe| recipe.model.lora.rank = 100_000);
        assert!(
            much.contains("--lora-rank 100000 is more than the 256"),
            "{much}"
        );
        let off = said(&|recipe| recipe.model.lora.alpha = 3.0);
        assert!(off.contains("without --lora-rank"), "{off}");
    }
}
