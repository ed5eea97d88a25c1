//! Looking at the distribution over one token, now or long after it was drawn.

use super::chooser::{Chooser, Logits};
use super::sequence::Sequence;
use super::shown::{bytes_after, bytes_before};
use super::{Candidate, DecodingError, Moment, Row, contrastive};
use crate::model::LoadedModel;
use crate::sampling::{Distribution, Method, RawOdds, Running};
use crate::text::display_between;

/// Where to look, and what is known of the text there.
#[derive(Debug, Clone, Copy)]
pub struct LookAt<'a> {
    /// Index of the token; the text's length means the token that would come next.
    pub position: usize,
    /// Tokens of the prompt.
    pub prompt_len: usize,
    /// What a method that steers knows before the token, if it was not recorded.
    pub running: Running,
    /// How many of the most probable tokens to return.
    pub rows: usize,
    /// What [`super::Second`] has read for the chain there.
    pub second: Option<&'a [f32]>,
    /// Return only tokens whose text contains this, upper and lower case alike (and the chosen and the picked one).
    pub search: &'a str,
}

/// Applies the head to the hidden state kept for `place` and runs `chooser`'s chain on the logits. The model itself
/// does not run. The token that stands there keeps its own `u`.
///
/// # Errors
/// When there is no such token, the text is not read so far, or the device fails.
pub fn look(
    loaded: &LoadedModel,
    sequence: &Sequence,
    chooser: &Chooser,
    place: LookAt<'_>,
) -> Result<Moment, DecodingError> {
    let position = place.position;
    if position == 0 || position > sequence.len() {
        return Err(DecodingError::NoSuchToken {
            position,
            length: sequence.len(),
        });
    }
    let logits = loaded.model.logits(&sequence.predictor(position)?)?;
    let logits = logits.row(0);
    let both = Logits {
        own: logits,
        second: place.second,
    };
    let standing = sequence.records().get(position);
    let drawn = standing.and_then(|record| record.draw.as_ref());
    let running = drawn.map_or(place.running, |draw| draw.running(place.running));
    let u = drawn
        .and_then(|draw| draw.u)
        .unwrap_or_else(|| chooser.uniform(position));

    let history = &sequence.ids()[..position];
    let prompt_len = place.prompt_len.min(position);
    let distribution = chooser.distribution(both, history, prompt_len, running, true)?;
    let raw = RawOdds::new(logits);
    let chosen = standing.map(|record| record.id);
    let measured = drawn.map_or(&[][..], |draw| &draw.candidates);
    let (pick, candidates) = pick(chooser, &distribution, u, measured);

    let mut ids = if place.search.is_empty() {
        raw.top(logits, place.rows)
    } else {
        search(loaded, logits, place.search, place.rows)
    };
    for id in chosen.into_iter().chain(pick) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    // Without a search the rows are the ranks.
    let listed = if place.search.is_empty() {
        place.rows.min(logits.len())
    } else {
        0
    };
    let before = bytes_before(sequence.records(), position);
    let after = bytes_after(sequence.records(), position + 1);
    let display = |id: u32| {
        let bytes = loaded.tokenizer.token_bytes(id);
        if bytes.is_empty() {
            return loaded.tokenizer.display(id);
        }
        // What would follow another token than the one that stands there is not known.
        let after = if chosen == Some(id) { &after[..] } else { &[] };
        display_between(&before, bytes, after)
    };
    let rows = ids
        .into_iter()
        .enumerate()
        .map(|(index, id)| Row {
            id,
            display: display(id),
            logit: logits[id as usize],
            rank: if index < listed {
                index + 1
            } else {
                raw.rank(logits, id)
            },
            raw_probability: raw.probability(logits, id),
            final_probability: distribution.probability(id),
            cut_by: distribution.cut_by(id),
            changes: distribution.changes(id),
        })
        .collect();
    Ok(Moment {
        position,
        rows,
        vocabulary: logits.len(),
        kept: distribution.kept(),
        raw_entropy: raw.entropy(),
        final_entropy: distribution.entropy(),
        trace: distribution.trace().to_vec(),
        chosen,
        u,
        pick,
        candidates,
        mu: chooser
            .settings()
            .method
            .is_mirostat()
            .then_some(running.mu),
        mean: chooser.mean_of(running),
    })
}

/// [`look`] at what would come after the whole text, where contrastive search reads each token that it weighs.
///
/// # Errors
/// As [`look`].
pub fn look_ahead(
    loaded: &LoadedModel,
    sequence: &mut Sequence,
    chooser: &Chooser,
    place: LookAt<'_>,
) -> Result<Moment, DecodingError> {
    let mut moment = look(loaded, sequence, chooser, place)?;
    if chooser.settings().method == Method::Contrastive {
        let logits = loaded.model.logits(&sequence.predictor(place.position)?)?;
        let known = (place.prompt_len, place.running);
        let choice = contrastive::choose(loaded, sequence, chooser, known, logits.row(0))?;
        moment.pick = Some(choice.id);
        moment.candidates = choice.draw.candidates;
    }
    Ok(moment)
}

/// The token that the method takes, as far as the odds tell it, and what contrastive search weighs.
fn pick(
    chooser: &Chooser,
    distribution: &Distribution,
    u: f64,
    measured: &[Candidate],
) -> (Option<u32>, Vec<Candidate>) {
    let settings = chooser.settings();
    match settings.method {
        Method::Sample
        | Method::MirostatV1
        | Method::MirostatV2
        | Method::AdaptiveP
        | Method::Greedy => (Some(chooser.pick(distribution, u)), Vec::new()),
        Method::Beam => (None, Vec::new()),
        Method::Contrastive => {
            let candidates = contrastive::weighed(settings, distribution, measured);
            let best = candidates.first().map(|candidate| candidate.id);
            // Where likeness counts for nothing, the most probable one is taken.
            let alone = settings.contrastive_k <= 1 || settings.contrastive_alpha == 0.0;
            (best.or(alone.then(|| distribution.best())), candidates)
        }
    }
}

/// The most probable tokens that contain `text`, at most `rows`.
fn search(loaded: &LoadedModel, logits: &[f32], text: &str, rows: usize) -> Vec<u32> {
    let wanted = text.to_lowercase();
    let mut found: Vec<u32> = (0..logits.len() as u32)
        .filter(|&id| {
            let bytes = loaded.tokenizer.token_bytes(id);
            let said = String::from_utf8_lossy(bytes).to_lowercase();
            said.contains(&wanted)
                || loaded
                    .tokenizer
                    .display(id)
                    .to_lowercase()
                    .contains(&wanted)
        })
        .collect();
    found.sort_by(|&a, &b| {
        logits[b as usize]
            .total_cmp(&logits[a as usize])
            .then(a.cmp(&b))
    });
    found.truncate(rows);
    found
}
