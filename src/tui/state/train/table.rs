//! The table of runs: what each is at a glance, in the order of one of its columns.

use std::cmp::Ordering;
use std::path::PathBuf;
use std::time::SystemTime;

use crate::training::{FinishReason, History, RunDirectory, Verdict};

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// A process works on it.
    Training,
    Ended(FinishReason),
    BrokenOff,
}

impl RunState {
    /// In a word or two.
    pub fn name(self) -> &'static str {
        match self {
            Self::Training => "training",
            Self::Ended(reason) => reason.name(),
            Self::BrokenOff => "broken off",
        }
    }
}

/// A run at a glance.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRow {
    pub name: String,
    pub path: PathBuf,
    pub state: RunState,
    pub step: u64,
    pub planned: u64,
    /// The newest validation loss.
    pub validation: Option<f64>,
    /// The lowest, and its step.
    pub best: Option<(f64, u64)>,
    pub rate: Option<f64>,
    pub corpus: String,
    /// When something of it was written last.
    pub when: Option<SystemTime>,
    pub verdict: Option<Verdict>,
}

impl RunRow {
    /// Reads it.
    ///
    /// # Errors
    /// With a sentence, when it cannot be read.
    pub fn read(run: &RunDirectory) -> Result<Self, String> {
        // First: what ends meanwhile is read as going on once too often, and not as broken off.
        let claimed = run.is_claimed();
        let history = History::read(run).map_err(|error| error.to_string())?;
        let recipe = run.recipe().map_err(|error| error.to_string())?;
        let state = match (claimed, history.finished()) {
            (true, _) => RunState::Training,
            (false, Some(finished)) => RunState::Ended(finished.reason),
            (false, None) => RunState::BrokenOff,
        };
        let files = recipe.data.corpus.files.iter();
        let names = files.map(|file| {
            let file = std::path::Path::new(file);
            let name = file.file_name().unwrap_or(file.as_os_str());
            name.to_string_lossy().into_owned()
        });
        let corpus: Vec<String> = names.collect();
        Ok(Self {
            name: run.name(),
            path: run.path().to_owned(),
            state,
            step: history.last_step(),
            planned: history.started().map_or(0, |started| started.steps),
            validation: history.validations().next_back().map(|newest| newest.loss),
            best: history.best_validation().map(|best| (best.loss, best.step)),
            rate: history.newest().map(|step| step.learning_rate),
            corpus: corpus.join(", "),
            when: run.written(),
            verdict: (history.last_step() > 0).then(|| Verdict::of(&history)),
        })
    }
}

/// What the table can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Column {
    Name,
    State,
    Step,
    Validation,
    Best,
    Rate,
    Corpus,
    #[default]
    When,
}

impl Column {
    /// All, from left to right.
    pub const ALL: [Self; 8] = [
        Self::Name,
        Self::State,
        Self::Step,
        Self::Validation,
        Self::Best,
        Self::Rate,
        Self::Corpus,
        Self::When,
    ];

    /// Its heading.
    pub fn name(self) -> &'static str {
        match self {
            Self::Name => "run",
            Self::State => "state",
            Self::Step => "step",
            Self::Validation => "valid.",
            Self::Best => "best at",
            Self::Rate => "rate",
            Self::Corpus => "corpus",
            Self::When => "when",
        }
    }

    /// Which of two runs comes first: names from a on, losses from the lowest on, steps and times from the highest on.
    /// What a run lacks comes last.
    fn order(self, a: &RunRow, b: &RunRow) -> Ordering {
        let lowest = |a: Option<f64>, b: Option<f64>| {
            let value = |value: Option<f64>| value.unwrap_or(f64::INFINITY);
            value(a).total_cmp(&value(b))
        };
        match self {
            Self::Name => a.name.cmp(&b.name),
            Self::State => a.state.name().cmp(b.state.name()),
            Self::Step => b.step.cmp(&a.step),
            Self::Validation => lowest(a.validation, b.validation),
            Self::Best => lowest(a.best.map(|best| best.0), b.best.map(|best| best.0)),
            Self::Rate => lowest(a.rate, b.rate),
            Self::Corpus => a.corpus.cmp(&b.corpus),
            Self::When => b.when.cmp(&a.when),
        }
    }
}

/// The table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunTable {
    rows: Vec<RunRow>,
    /// Whether the runs were read.
    pub known: bool,
    selected: Option<PathBuf>,
    pub sort: Column,
    pub backwards: bool,
}

impl RunTable {
    /// The runs in order.
    pub fn rows(&self) -> &[RunRow] {
        &self.rows
    }

    /// Takes in what the runs are now; the selected one stays so.
    pub fn take_in(&mut self, rows: Vec<RunRow>) {
        let place = self.row();
        self.rows = rows;
        self.known = true;
        self.arrange();
        let there = |path: &PathBuf| self.rows.iter().any(|row| row.path == *path);
        if !self.selected.as_ref().is_some_and(there) {
            let last = self.rows.len().saturating_sub(1);
            self.selected = self.rows.get(place.min(last)).map(|row| row.path.clone());
        }
    }

    /// The place of the selected run.
    pub fn row(&self) -> usize {
        let is_selected = |row: &RunRow| Some(&row.path) == self.selected.as_ref();
        self.rows.iter().position(is_selected).unwrap_or(0)
    }

    /// The selected run.
    pub fn selected(&self) -> Option<&RunRow> {
        self.rows.get(self.row())
    }

    /// Moves the selection.
    pub fn step(&mut self, by: isize) {
        let last = self.rows.len().saturating_sub(1);
        self.select(self.row().saturating_add_signed(by).min(last));
    }

    /// Selects the run at a place.
    pub fn select(&mut self, row: usize) {
        if let Some(row) = self.rows.get(row) {
            self.selected = Some(row.path.clone());
        }
    }

    /// Sorts by the next column.
    pub fn sort_next(&mut self) {
        let place = Column::ALL.iter().position(|column| *column == self.sort);
        let next = (place.unwrap_or(0) + 1) % Column::ALL.len();
        (self.sort, self.backwards) = (Column::ALL[next], false);
        self.arrange();
    }

    /// Sorts the other way round.
    pub fn reverse(&mut self) {
        self.backwards = !self.backwards;
        self.arrange();
    }

    fn arrange(&mut self) {
        let (sort, backwards) = (self.sort, self.backwards);
        self.rows.sort_by(|a, b| {
            let order = sort.order(a, b).then_with(|| a.name.cmp(&b.name));
            if backwards { order.reverse() } else { order }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, step: u64, best: Option<f64>) -> RunRow {
        RunRow {
            name: name.to_owned(),
            path: PathBuf::from("runs").join(name),
            state: RunState::BrokenOff,
            step,
            planned: 100,
            validation: best,
            best: best.map(|best| (best, step)),
            rate: None,
            corpus: String::new(),
            when: None,
            verdict: None,
        }
    }

    fn names(table: &RunTable) -> Vec<&str> {
        table.rows().iter().map(|row| row.name.as_str()).collect()
    }

    #[test]
    fn it_is_sorted_by_any_column_and_the_selected_run_stays() {
        let mut table = RunTable::default();
        let rows = || {
            vec![
                row("b", 10, Some(4.0)),
                row("a", 30, None),
                row("c", 20, Some(3.0)),
            ]
        };
        table.take_in(rows());
        assert_eq!(names(&table), ["a", "b", "c"]);
        table.step(1);
        let mut seen = Vec::new();
        for _ in Column::ALL {
            table.sort_next();
            assert_eq!(table.selected().map(|row| row.name.as_str()), Some("b"));
            seen.push((table.sort, names(&table).join("")));
        }
        assert!(seen.contains(&(Column::Step, "acb".to_owned())), "{seen:?}");
        // What has no validation comes last.
        assert!(seen.contains(&(Column::Best, "cba".to_owned())), "{seen:?}");
        // One that is gone gives its place to the next.
        table.take_in(rows().into_iter().filter(|row| row.name != "b").collect());
        assert!(table.selected().is_some());
        table.step(-9);
        assert_eq!(table.row(), 0);
        table.reverse();
        assert_eq!(table.row(), 1);
    }
}
