//! Cutting and changing the texts.

use std::iter;

use super::{Ended, Worker};
use crate::engine::error::TextsError;
use crate::engine::texts::Texts;
use crate::engine::{Event, Then};
use crate::model::LoadedModel;

impl Worker {
    /// Changes the texts, then goes on or waits, if one of both is asked for.
    pub(super) fn change(
        &mut self,
        then: Option<Then>,
        change: impl FnOnce(&mut Texts, &LoadedModel) -> Result<Vec<Event>, TextsError>,
    ) -> Result<(), Ended> {
        let Some(loaded) = &self.loaded else {
            return self.fail(&TextsError::NoText);
        };
        match change(&mut self.texts, loaded) {
            Ok(events) => {
                for event in events {
                    if let Event::Rewound { length } = event
                        && let Some((_, comparison)) = &mut self.comparison
                    {
                        comparison.cut(length);
                    }
                    self.emit(event)?;
                }
                self.list_branches()?;
                then.map_or(Ok(()), |then| self.go_on(then))
            }
            Err(error) => self.fail(&error),
        }
    }

    /// Serves [`super::super::Command::Replace`].
    pub(super) fn replace(
        &mut self,
        position: usize,
        tokens: &[u32],
        then: Then,
    ) -> Result<(), Ended> {
        let mut failed = None;
        self.change(Some(then), |texts, loaded| {
            let mut records = Vec::new();
            for (at, &token) in tokens.iter().enumerate() {
                match texts.replace(loaded, position + at, token) {
                    Ok(record) => records.push(record),
                    Err(error) if at == 0 => return Err(error),
                    // What stands there by now is told all the same.
                    Err(error) => {
                        failed = Some(error);
                        break;
                    }
                }
            }
            let put = records
                .into_iter()
                .map(|record| Event::Token { sample: 0, record });
            Ok(iter::once(Event::Rewound { length: position })
                .chain(put)
                .collect())
        })?;
        failed.map_or(Ok(()), |error| self.fail(&error))
    }
}
