//! The text of the run and the branches around it: cutting, switching, bringing back.

use super::error::TextsError;
use super::run::Run;
use super::{Event, Session};
use crate::decoding::{BranchId, Branches, Generation, GenerationSettings, Sequence, TokenRecord};
use crate::model::LoadedModel;
use crate::sampling::SamplerSettings;

/// The run, and all texts that were left in its favour.
#[derive(Default)]
pub struct Texts {
    pub run: Option<Run>,
    branches: Branches,
    /// Whether the texts of the run have prompts of their own.
    apart: bool,
    /// Whether a list of branches was told, so that its end is told too.
    told: bool,
}

impl Texts {
    /// Puts a fresh run in place of the one before, which stays as branches.
    pub fn begin(&mut self, run: Run, prompt_len: usize, seed: u64) {
        self.leave();
        self.branches.begin(prompt_len, seed);
        self.run = Some(run);
    }

    /// Forgets all texts.
    pub fn clear(&mut self) {
        *self = Self {
            told: self.told,
            ..Self::default()
        };
    }

    /// Puts a run in place of all that was there, whose texts have no beginning in common: they are no branches.
    pub fn put(&mut self, run: Run) {
        self.clear();
        self.run = Some(run);
        self.apart = true;
    }

    /// Keeps the run's texts as branches.
    fn leave(&mut self) {
        if std::mem::take(&mut self.apart) {
            return;
        }
        let mut texts = self.run.iter().flat_map(Run::texts);
        let Some(first) = texts.next() else {
            return;
        };
        self.branches.leave(first.sequence());
        for other in texts {
            let fork = other.prompt_len();
            self.branches
                .keep_beside(other.sequence(), fork, other.settings().seed);
        }
    }

    /// The current text, when there is a single one.
    fn sequence(&self) -> Option<&Sequence> {
        let mut texts = self.run.iter().flat_map(Run::texts);
        texts.next().map(Generation::sequence)
    }

    /// Makes one of several samples the text; the others stay as branches.
    ///
    /// # Errors
    /// With the reason why not.
    pub fn select(&mut self, sample: usize) -> Result<(), TextsError> {
        let run = self.run.as_mut().ok_or(TextsError::NoText)?;
        let others = run.select(sample)?;
        for other in others {
            let fork = other.prompt_len();
            self.branches
                .keep_beside(other.sequence(), fork, other.settings().seed);
        }
        Ok(())
    }

    /// Takes one of several texts away; it stays as a branch.
    ///
    /// # Errors
    /// With the reason why not.
    pub fn remove_lane(&mut self, sample: usize) -> Result<(), TextsError> {
        let run = self.run.as_mut().ok_or(TextsError::NoText)?;
        if let Some(removed) = run.remove_lane(sample)?
            && removed.generated() > 0
        {
            let (fork, seed) = (removed.prompt_len(), removed.settings().seed);
            self.branches.keep_beside(removed.sequence(), fork, seed);
        }
        Ok(())
    }

    /// Cuts the text to its first `length` tokens; what stood there stays as a branch.
    ///
    /// # Errors
    /// When there is no such token, or no single text.
    pub fn cut(&mut self, length: usize) -> Result<(), TextsError> {
        let run = self.run.as_mut().ok_or(TextsError::NoText)?;
        let generation = run.text_mut()?;
        generation.check_cut(length)?;
        self.branches.cut(generation.sequence(), length);
        generation.rewind(length)?;
        generation.renew();
        Ok(())
    }

    /// Cuts the text to its first `position` tokens, which leaves a branch, and puts `token` there.
    ///
    /// # Errors
    /// When there is no such place or token, or no single text.
    pub fn replace(
        &mut self,
        loaded: &LoadedModel,
        position: usize,
        token: u32,
    ) -> Result<TokenRecord, TextsError> {
        let run = self.run.as_mut().ok_or(TextsError::NoText)?;
        let generation = run.text_mut()?;
        generation.check_replacement(loaded, position, token)?;
        self.branches.cut(generation.sequence(), position);
        let record = generation.replace(loaded, position, token)?;
        generation.renew();
        Ok(record)
    }

    /// Makes a branch the text. Returns the event that shows it.
    ///
    /// # Errors
    /// With the reason why not.
    pub fn switch(&mut self, loaded: &LoadedModel, id: BranchId) -> Result<Event, TextsError> {
        let run = self.run.as_mut().ok_or(TextsError::NoText)?;
        self.branches.leave(run.text_mut()?.sequence());
        let (lineage, text) = self.branches.switch(id)?;
        let run = self.run.as_mut().ok_or(TextsError::NoText)?;
        let generation = run.text_mut()?;
        generation.adopt(loaded, text, lineage.prompt_len, lineage.seed)?;
        Ok(Event::Switched {
            branch: id,
            seed: lineage.seed,
            tokens: generation.sequence().records().to_vec(),
        })
    }

    /// The tokens of a branch.
    ///
    /// # Errors
    /// With the reason why not.
    pub fn show(&self, id: BranchId) -> Result<Vec<TokenRecord>, TextsError> {
        if self
            .branches
            .current()
            .is_some_and(|current| current.id == id)
        {
            let sequence = self.sequence();
            return Ok(sequence.map_or_else(Vec::new, |sequence| sequence.records().to_vec()));
        }
        let text = self.branches.text(id)?;
        Ok(text.records().to_vec())
    }

    pub fn branches_mut(&mut self) -> &mut Branches {
        &mut self.branches
    }

    /// The list of branches, if there are several or were when it was told last.
    pub fn list(&mut self) -> Option<Event> {
        let branches = self.branches.list(self.sequence());
        let several = branches.len() > 1;
        let tell = several || self.told;
        self.told = several;
        tell.then_some(Event::Branches { branches })
    }

    /// Everything that a file needs to bring the texts back.
    pub fn save(&self) -> Session {
        let mut texts = self.run.iter().flat_map(Run::texts);
        let first = texts.next().map(Generation::sequence);
        let beside: Vec<_> = texts
            .map(|text| (text.sequence(), text.prompt_len(), text.settings().seed))
            .collect();
        let next = self.branches.next().0;
        Session {
            beside: (next..).take(beside.len()).map(BranchId).collect(),
            branches: self.branches.save(first, beside.into_iter()),
            current: self.branches.current().map(|current| current.id),
        }
    }

    /// Brings saved texts back. Returns the event that shows the current one, if there is any.
    ///
    /// # Errors
    /// With the reason why not.
    pub fn restore(
        &mut self,
        loaded: &LoadedModel,
        session: Session,
        sampler: &SamplerSettings,
        settings: &GenerationSettings,
    ) -> Result<Option<Event>, TextsError> {
        let vocabulary = loaded.model.info().vocabulary;
        let mut tokens = session.branches.iter().flat_map(|branch| &branch.tokens);
        if let Some(token) = tokens.find(|token| token.id as usize >= vocabulary) {
            return Err(TextsError::Foreign {
                id: token.id,
                vocabulary,
            });
        }
        let branches = Branches::restore(session.branches)?;
        let Some(current) = session.current else {
            return Ok(None);
        };
        let text = branches.text(current)?;
        if text.end() == 0 {
            return Err(TextsError::Empty);
        }
        let generation = Generation::resume(loaded, text, sampler, settings)?;
        self.branches = branches;
        self.run = Some(Run::of(generation));
        let run = self.run.as_mut().ok_or(TextsError::NoText)?;
        let (lineage, text) = self.branches.switch(current)?;
        let generation = run.text_mut()?;
        generation.adopt(loaded, text, lineage.prompt_len, lineage.seed)?;
        Ok(Some(Event::Switched {
            branch: current,
            seed: lineage.seed,
            tokens: generation.sequence().records().to_vec(),
        }))
    }
}
