//! The rows of the form: what is always in sight, and groups that open.

use super::{FIELDS, Form, Group};

/// A row of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormRow {
    Start,
    Field(usize),
    Group(Group),
}

impl Form {
    /// The rows as they are in sight.
    pub fn rows(&self) -> Vec<FormRow> {
        let fields = self.fields();
        let of = |group: Option<Group>| {
            let fields = fields.iter().copied();
            fields.filter(move |&field| FIELDS[field].group == group)
        };
        let mut rows = vec![FormRow::Start];
        rows.extend(of(None).map(FormRow::Field));
        for group in Group::ALL {
            if of(Some(group)).next().is_none() {
                continue;
            }
            rows.push(FormRow::Group(group));
            if self.is_open(group) {
                rows.extend(of(Some(group)).map(FormRow::Field));
            }
        }
        rows
    }

    /// Whether a group's fields are in sight.
    pub fn is_open(&self, group: Group) -> bool {
        self.open.contains(&group)
    }

    /// The selected row.
    pub fn selected_row(&self) -> FormRow {
        let rows = self.rows();
        rows[self.row.min(rows.len() - 1)]
    }

    /// The selected field, if a field is selected.
    pub fn selected(&self) -> Option<usize> {
        match self.selected_row() {
            FormRow::Field(field) => Some(field),
            FormRow::Start | FormRow::Group(_) => None,
        }
    }

    /// Moves the selection.
    pub fn step(&mut self, by: isize) {
        let last = self.rows().len() - 1;
        self.row = self.row.min(last).saturating_add_signed(by).min(last);
    }

    /// Selects a field, and opens the group that it is in.
    pub fn select(&mut self, field: usize) {
        self.open.extend(FIELDS[field].group);
        let rows = self.rows();
        if let Some(at) = rows.iter().position(|row| *row == FormRow::Field(field)) {
            self.row = at;
        }
    }

    /// Opens the selected group, or closes it. Returns whether one is selected.
    pub fn fold(&mut self, open: impl FnOnce(bool) -> bool) -> bool {
        let FormRow::Group(group) = self.selected_row() else {
            return false;
        };
        if open(self.is_open(group)) {
            self.open.insert(group);
        } else {
            self.open.remove(&group);
        }
        true
    }

    /// The value of a field in words: what holds where it says nothing.
    pub fn shown(&self, field: usize) -> String {
        let known = &FIELDS[field];
        let value = self.value(field);
        // No positions at all stands for as many as the model has.
        let is_context = known.key.is_some_and(|key| key.path == "data.context");
        if value.is_empty() || (is_context && value == "0") {
            known.absent.to_owned()
        } else {
            value
        }
    }

    /// What a group's fields are, those first that were changed.
    pub fn summary(&self, group: Group) -> String {
        /// More than a row has room for.
        const SUMMED_UP: usize = 5;
        let fields = self.fields().into_iter();
        let mut fields: Vec<usize> = fields
            .filter(|&field| FIELDS[field].group == Some(group))
            .collect();
        fields.sort_by_key(|&field| !self.is_changed(field));
        let said =
            fields
                .into_iter()
                .take(SUMMED_UP)
                .map(|field| match self.shown(field).as_str() {
                    "" => FIELDS[field].name.to_owned(),
                    value => format!("{} {value}", FIELDS[field].name),
                });
        said.collect::<Vec<_>>().join(" · ")
    }
}
