//! What stages did to single tokens, in as many words as there is room for.

use crate::decoding::{Moment, Row};
use crate::sampling::LogitChange;
use crate::text::numbers::percent;
use crate::tui::vocabulary::safe;

/// What the column says of each row, all in one form: the longest that fits in `most` cells, or else the shortest.
pub fn column(moment: &Moment, rows: &[usize], most: usize) -> Vec<String> {
    let form = |digits: usize, joint: &str| -> Vec<String> {
        let label = |index: &usize| label(moment, &moment.rows[*index], digits, joint);
        rows.iter().map(label).collect()
    };
    let long = form(2, " ");
    if long.iter().all(|label| label.chars().count() <= most) {
        return long;
    }
    form(1, "")
}

/// `dry -5.60 rep -0.42`, the strongest first, since the end is cut off where there is little room; under contrastive
/// search the score that the method goes by.
fn label(moment: &Moment, row: &Row, digits: usize, joint: &str) -> String {
    let weighed = moment.candidates.iter().find(|one| one.id == row.id);
    let score = weighed.map(|one| format!("score {:.1$}", one.score, digits + 1));
    let mut changes: Vec<&LogitChange> = row.own_changes().collect();
    changes.sort_by(|a, b| b.amount().abs().total_cmp(&a.amount().abs()));
    let changes = changes.into_iter().map(|change| {
        let amount = change.amount();
        format!("{}{joint}{amount:+.digits$}", change.stage.short())
    });
    score
        .into_iter()
        .chain(changes)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Whether the changes made the token less likely against the others, or more; none where nothing was done to it.
pub fn lowered(row: &Row) -> Option<bool> {
    let amounts: Vec<f32> = row.own_changes().map(LogitChange::amount).collect();
    (!amounts.is_empty()).then(|| amounts.iter().sum::<f32>() < 0.0)
}

/// Every stage that changed the token's logit, in at most so many cells: with its odds before and after, or where that is
/// too long with those after it.
pub fn sentence(row: &Row, cells: usize) -> Option<String> {
    let each = |told: &dyn Fn(&LogitChange) -> String| {
        let told: Vec<String> = row.changes.iter().map(told).collect();
        told.join(" · ")
    };
    let whole = each(&|change| {
        format!(
            "{} {:+.2}: {} → {}",
            change.stage.name(),
            change.amount(),
            percent(change.probability_before),
            percent(change.probability_after)
        )
    });
    if safe::width(&whole) <= cells {
        return Some(whole).filter(|told| !told.is_empty());
    }
    let brief = each(&|change| {
        format!(
            "{} {:+.2} → {}",
            change.stage.short(),
            change.amount(),
            percent(change.probability_after)
        )
    });
    Some(safe::fit(&brief, cells).trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampling::StageKind;

    fn change(stage: StageKind, amount: f32) -> LogitChange {
        LogitChange {
            stage,
            before: 1.0,
            after: 1.0 + amount,
            probability_before: 0.0242,
            probability_after: 0.0001,
        }
    }

    fn row(id: u32, changes: Vec<LogitChange>) -> Row {
        Row {
            id,
            display: "·old".to_owned(),
            logit: 1.0,
            rank: 1,
            raw_probability: 0.0242,
            final_probability: 0.0001,
            cut_by: None,
            changes,
        }
    }

    fn moment(rows: Vec<Row>) -> Moment {
        Moment {
            position: 1,
            rows,
            vocabulary: 100,
            kept: 100,
            raw_entropy: 1.0,
            final_entropy: 1.0,
            trace: Vec::new(),
            chosen: None,
            u: 0.1,
            pick: None,
            candidates: Vec::new(),
            mu: None,
            mean: None,
        }
    }

    #[test]
    fn each_stage_that_changed_a_token_is_named_with_its_amount_the_strongest_first() {
        let changes = vec![
            change(StageKind::Repetition, -0.42),
            change(StageKind::Dry, -5.6),
            change(StageKind::Temperature, 0.3),
        ];
        let moment = moment(vec![row(1, changes), row(2, Vec::new())]);
        assert_eq!(column(&moment, &[0, 1], 20), ["dry -5.60 rep -0.42", ""]);
        assert_eq!(column(&moment, &[1, 0], 16), ["", "dry-5.6 rep-0.4"]);
        assert_eq!(lowered(&moment.rows[0]), Some(true));
        assert_eq!(lowered(&moment.rows[1]), None);
        let told = |cells| sentence(&moment.rows[0], cells).expect("it was changed");
        assert!(
            told(100).contains("dry -5.60: 2.42 % → 0.01 % · temperature +0.30"),
            "{}",
            told(100)
        );
        assert_eq!(
            told(63),
            "rep -0.42 → 0.01 % · dry -5.60 → 0.01 % · temp +0.30 → 0.01 %"
        );
        assert_eq!(told(40), "rep -0.42 → 0.01 % · dry -5.60 → 0.01 %…");
        assert_eq!(sentence(&moment.rows[1], 40), None);
    }
}
