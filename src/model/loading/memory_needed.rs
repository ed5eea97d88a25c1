//! Whether the memory that is left holds a model, by what its headers say, before its weights are read.

use candle_core::Device;

use super::device::{has_wide_cache, odd_width};
use crate::model::ModelError;
use crate::model::Precision;
use crate::model::gpu::free_memory;
use crate::model::memory::{available_memory, bytes_text};
use crate::model::network::Sizes;
use crate::model::network::cache::FIRST_ROOM;
use crate::model::network::description::Description;

/// Of the numbers of a block, the bytes that they take in q8_0 and q4_0: one or half a one each, and two for the scale.
const Q8_0_BLOCK: u64 = 34;
const Q4_0_BLOCK: u64 = 18;
const BLOCK: u64 = 32;

/// A model that is about to be read.
pub(super) struct Wanted<'a> {
    /// Its source, for errors.
    pub(super) name: &'a str,
    pub(super) architecture: &'a Description,
    pub(super) device: &'a Device,
    /// The precision that was decided.
    pub(super) precision: Precision,
    /// What its file has.
    pub(super) own: Precision,
    /// Bytes of its tensors where they are kept as the file has them.
    pub(super) as_stored: Option<u64>,
}

impl Wanted<'_> {
    /// # Errors
    /// When it is known that the model does not fit: what it takes, what is left, and the form that would fit.
    pub(super) fn check(&self) -> Result<(), ModelError> {
        let available = if self.device.is_cpu() {
            available_memory()
        } else {
            free_memory(self.device)
        };
        match available {
            Some(available) => self.check_against(available, available_memory()),
            None => Ok(()),
        }
    }

    /// `available` bytes on its device, and those of main memory.
    fn check_against(&self, available: u64, main: Option<u64>) -> Result<(), ModelError> {
        let needed = self.needed(self.precision, self.as_stored);
        if needed <= available {
            return Ok(());
        }
        let place = if self.device.is_cpu() {
            "memory"
        } else {
            "the GPU's memory"
        };
        Err(ModelError::NoMemory(crate::model::error::visible(
            &format!(
                "`{}` takes about {} of {place} in {}, but {} are left; {}",
                self.name,
                bytes_text(needed),
                self.precision.name(),
                bytes_text(available),
                self.way_out(needed, available, main)
            ),
        )))
    }

    /// The best form that fits.
    fn way_out(&self, needed: u64, available: u64, main: Option<u64>) -> String {
        let in_blocks = odd_width(self.architecture).is_none();
        let blocks = [Precision::Q8_0, Precision::Q4_0];
        let mut blocks = blocks.into_iter().filter(|_| in_blocks);
        let takes = |precision| self.needed(precision, None);
        if self.device.is_cpu() {
            // What blocks cannot hold may have 16 bits.
            let half = if self.own == Precision::F16 {
                Precision::F16
            } else {
                Precision::Bf16
            };
            let half = Some(half).filter(|_| !in_blocks);
            let fits = |precision: &Precision| {
                let other = takes(*precision);
                other <= available && other < needed
            };
            if let Some(fitting) = half.into_iter().chain(blocks.clone()).find(fits) {
                return format!(
                    "--precision {} would take {}",
                    fitting.name(),
                    bytes_text(takes(fitting))
                );
            }
        } else {
            if takes(Precision::Bf16) <= available {
                let bytes = bytes_text(takes(Precision::Bf16));
                return format!("--precision bf16 would take {bytes}");
            }
            let exact = std::iter::once(Precision::F32);
            let mut forms = exact.chain(blocks.clone());
            if let Some(fitting) = forms.find(|form| main.is_some_and(|left| takes(*form) <= left))
            {
                return format!(
                    "--device cpu --precision {} would take {} of main memory",
                    fitting.name(),
                    bytes_text(takes(fitting))
                );
            }
        }
        match blocks.next_back() {
            Some(least) if takes(least) < needed => format!(
                "even {} would take {}: choose a smaller model",
                least.name(),
                bytes_text(takes(least))
            ),
            _ => "choose a smaller model, or a file of it with fewer bits".to_owned(),
        }
    }

    /// Bytes that a model takes to generate with: weights, embedding and head, keys and values of a first text, and a tenth
    /// for what is computed. `as_stored` are those of its tensors, where they stay as the file has them.
    fn needed(&self, precision: Precision, as_stored: Option<u64>) -> u64 {
        let Sizes {
            parameters,
            embedding,
            positions,
            tied,
            widest,
            cached,
        } = self.architecture.sizes();
        let heads = if tied { embedding } else { 2 * embedding };
        let matrices = parameters.saturating_sub(heads + positions);
        // Numbers are read in the width of the file.
        let read = match self.own {
            Precision::Bf16 | Precision::F16 => 2,
            _ => 4,
        };
        // An embedding that is not the head is only looked up in, and stays in 16 bits.
        let looked_up = if tied { 0 } else { 2 * embedding };
        let head = embedding / BLOCK * Q8_0_BLOCK + looked_up;
        // Blocks are made of the numbers of one matrix at a time, in the order of the file and turned. The embedding and the
        // head, which come first, are the largest: their numbers, and the blocks twice, until they are in order.
        let first = read * embedding + 2 * embedding / BLOCK * Q8_0_BLOCK + looked_up;
        let in_blocks = |block: u64| {
            (matrices / BLOCK * block + head + 4 * positions + 2 * read * widest).max(first)
        };
        let weights = match (as_stored, precision) {
            (Some(bytes), _) => bytes,
            (None, Precision::F32) => 4 * parameters,
            (None, Precision::Bf16 | Precision::F16) if self.device.is_cpu() => {
                // As with blocks, the first matrix is there twice while it is made.
                (2 * (parameters + positions)).max((read + 2) * embedding)
            }
            (None, Precision::Bf16) => 2 * parameters,
            (None, Precision::Q4_0) => in_blocks(Q4_0_BLOCK),
            (None, _) => in_blocks(Q8_0_BLOCK),
        };
        let number = if has_wide_cache(precision, self.device) {
            4
        } else {
            2
        };
        let tokens = self.architecture.context_length.min(FIRST_ROOM) as u64;
        let all = weights + cached * number * tokens;
        all + all / 10
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::loading::families::gpt2_description;
    use crate::model::network::config::Gpt2Config;

    fn xl() -> Description {
        gpt2_description(&Gpt2Config {
            n_embd: 1600,
            n_layer: 48,
            n_head: 25,
            ..Gpt2Config::default()
        })
    }

    fn check(precision: Precision, as_stored: Option<u64>, available: u64) -> Result<(), String> {
        let wanted = Wanted {
            name: "gpt2-x\u{7}l",
            architecture: &xl(),
            device: &Device::Cpu,
            precision,
            own: Precision::F32,
            as_stored,
        };
        let checked = wanted.check_against(available, Some(available));
        checked.map_err(|error| error.to_string())
    }

    #[test]
    fn what_does_not_fit_is_refused_with_the_form_that_would() {
        assert_eq!(check(Precision::F32, None, 8_000_000_000), Ok(()));
        for (precision, available, expected) in [
            (
                Precision::F32,
                6_000_000_000,
                "`gpt2-x\\u{7}l` takes about 7.6 GB of memory in f32, but 6.0 GB are left; --precision q8_0 would take 2.3 GB",
            ),
            (
                Precision::F32,
                2_000_000_000,
                "`gpt2-x\\u{7}l` takes about 7.6 GB of memory in f32, but 2.0 GB are left; --precision q4_0 would take 1.5 GB",
            ),
            (
                Precision::Q8_0,
                1_000_000_000,
                "`gpt2-x\\u{7}l` takes about 2.3 GB of memory in q8_0, but 1.0 GB are left; even q4_0 would take 1.5 GB: choose a smaller model",
            ),
        ] {
            let error = check(precision, None, available).expect_err("too large");
            assert_eq!(error, expected);
        }
        assert_eq!(
            check(Precision::Q4K, Some(900_000_000), 2_000_000_000),
            Ok(())
        );
        let odd = gpt2_description(&Gpt2Config {
            n_embd: 1610,
            n_layer: 48,
            n_head: 23,
            ..Gpt2Config::default()
        });
        let wanted = Wanted {
            name: "odd",
            architecture: &odd,
            device: &Device::Cpu,
            precision: Precision::F32,
            own: Precision::F16,
            as_stored: None,
        };
        let error = wanted.check_against(6_000_000_000, None);
        let error = error.expect_err("too large").to_string();
        assert!(
            error.ends_with("--precision f16 would take 4.2 GB"),
            "{error}"
        );
        let error = check(Precision::Q4K, Some(900_000_000), 500_000_000).expect_err("too large");
        assert!(
            error.ends_with("choose a smaller model, or a file of it with fewer bits"),
            "{error}"
        );
    }

    fn needed(
        architecture: &Description,
        own: Precision,
        precision: Precision,
        as_stored: Option<u64>,
    ) -> u64 {
        let wanted = Wanted {
            name: "",
            architecture,
            device: &Device::Cpu,
            precision,
            own,
            as_stored,
        };
        wanted.needed(precision, as_stored)
    }

    fn needed_as(architecture: &Description, precision: Precision) -> u64 {
        needed(architecture, Precision::F32, precision, None)
    }

    #[test]
    fn weights_are_counted_in_their_precision() {
        let tiny = |tied| {
            gpt2_description(&Gpt2Config {
                vocab_size: 64,
                n_positions: 32,
                n_embd: 32,
                n_layer: 1,
                n_head: 2,
                tie_word_embeddings: tied,
                ..Gpt2Config::default()
            })
        };
        let sizes = tiny(true).sizes();
        assert_eq!((sizes.embedding, sizes.positions), (2048, 1024));
        assert_eq!(sizes.cached, 64);
        let with_tenth = |bytes: u64| bytes + bytes / 10;
        let keys = 64 * 32;
        let parameters = tiny(true).parameters() as u64;
        assert_eq!(
            needed_as(&tiny(true), Precision::F32),
            with_tenth(4 * (parameters + keys))
        );
        // Half of it in 16 bits, but for positions, keys and values.
        assert_eq!(
            needed_as(&tiny(true), Precision::Bf16),
            with_tenth(2 * parameters + 2 * 1024 + 4 * keys)
        );
        // An own head is counted, and the embedding then in 16 bits.
        let more =
            needed_as(&tiny(false), Precision::Q8_0) - needed_as(&tiny(true), Precision::Q8_0);
        assert_eq!(more, with_tenth(2 * 2048));
        // What is there only while blocks are made of the embedding counts where it is more than all that stays.
        let wide = gpt2_description(&Gpt2Config {
            vocab_size: 1 << 20,
            n_positions: 32,
            n_embd: 32,
            n_layer: 1,
            n_head: 2,
            ..Gpt2Config::default()
        });
        let embedding = 32 << 20;
        assert_eq!(
            needed_as(&wide, Precision::Q8_0),
            with_tenth(4 * embedding + 2 * embedding / 32 * 34 + 2 * keys)
        );
        // Less is there of a file of 16 bits.
        let of_half = needed(&wide, Precision::F16, Precision::Q8_0, None);
        assert_eq!(
            of_half,
            with_tenth(2 * embedding + 2 * embedding / 32 * 34 + 2 * keys)
        );
        let stored = needed(&tiny(true), Precision::Q4K, Precision::Q4K, Some(500));
        assert_eq!(stored, with_tenth(500 + 2 * keys));
    }
}
