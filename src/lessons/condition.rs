//! What a step waits for: a figure and what is to be true of it.

use super::Blank;

/// What a figure is.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Number(f64),
    Text(String),
}

/// How a figure is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    Is,
    IsNot,
    Below,
    AtMost,
    Above,
    AtLeast,
    Contains,
}

impl Relation {
    const ALL: [(&'static str, Self); 7] = [
        ("=", Self::Is),
        ("!=", Self::IsNot),
        ("<", Self::Below),
        ("<=", Self::AtMost),
        (">", Self::Above),
        (">=", Self::AtLeast),
        ("contains", Self::Contains),
    ];
}

/// What is to be true of a figure.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// It stands so to a value.
    Compared(Relation, Value),
    /// It is another one than when the step began.
    Changed,
    /// It is larger than when the step began.
    Rose,
    /// It is smaller.
    Fell,
}

impl Test {
    /// Whether it needs to know what was when the step began.
    pub fn looks_back(&self) -> bool {
        !matches!(self, Self::Compared(..))
    }
}

/// What is to be true: `temperature >= 1.5`, `focus = next`, `position changed`.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    pub figure: Blank,
    pub test: Test,
}

impl Condition {
    /// Reads a condition.
    ///
    /// # Errors
    /// With a sentence that says what would do.
    pub fn read(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "“{text}” is no condition: write a figure, then changed, rose or fell, or one of = != < <= > >= \
                 contains and a value"
            )
        };
        let text = text.trim();
        let end = end_of_figure(text);
        let (figure, rest) = text.split_at(end);
        let figure = Blank::read(figure);
        let rest = rest.trim();
        let (relation, value) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let value = value.trim();
        let test = match (relation, value.is_empty()) {
            ("changed", true) => Test::Changed,
            ("rose", true) => Test::Rose,
            ("fell", true) => Test::Fell,
            (_, false) => {
                let known = Relation::ALL.iter().find(|(sign, _)| *sign == relation);
                let (_, relation) = known.ok_or_else(wrong)?;
                Test::Compared(*relation, read_value(value))
            }
            _ => return Err(wrong()),
        };
        if figure.name.is_empty() {
            return Err(wrong());
        }
        Ok(Self { figure, test })
    }

    /// Whether it is true of a figure, which was `start` when the step began. Of what is not known nothing is true.
    pub fn holds(&self, now: Option<&Value>, start: Option<&Value>) -> bool {
        let Some(now) = now else { return false };
        match &self.test {
            Test::Compared(relation, value) => compared(*relation, now, value),
            Test::Changed => start.is_some_and(|start| start != now),
            Test::Rose => start.is_some_and(|start| compared(Relation::Above, now, start)),
            Test::Fell => start.is_some_and(|start| compared(Relation::Below, now, start)),
        }
    }
}

/// Where the figure's name ends: at a space, but not at one inside of quotes.
fn end_of_figure(text: &str) -> usize {
    let mut quoted = false;
    let end = text.char_indices().find(|(_, c)| {
        quoted ^= *c == '"';
        c.is_whitespace() && !quoted
    });
    end.map_or(text.len(), |(at, _)| at)
}

/// A number, also as a percentage, or a text, also in quotes.
fn read_value(text: &str) -> Value {
    let number = match text.strip_suffix('%') {
        Some(percent) => percent.trim().parse().map(|percent: f64| percent / 100.0),
        None => text.parse::<f64>(),
    };
    match number {
        Ok(number) => Value::Number(number),
        Err(_) => Value::Text(text.trim_matches('"').to_owned()),
    }
}

/// Two values that are no numbers have no order.
fn compared(relation: Relation, now: &Value, to: &Value) -> bool {
    /// Numbers that differ by a smaller share are the same: knobs are turned in steps of 0.05, which are none in binary, in
    /// single precision.
    const NEAR: f64 = 1e-6;
    match (now, to) {
        (Value::Number(now), Value::Number(to)) => {
            let near = NEAR * now.abs().max(to.abs());
            match relation {
                Relation::Is => (now - to).abs() <= near,
                Relation::IsNot => (now - to).abs() > near,
                Relation::Below => *now < to - near,
                Relation::AtMost => *now <= to + near,
                Relation::Above => *now > to + near,
                Relation::AtLeast => *now >= to - near,
                Relation::Contains => false,
            }
        }
        (Value::Text(now), Value::Text(to)) => match relation {
            Relation::Is => now == to,
            Relation::IsNot => now != to,
            Relation::Contains => now.to_lowercase().contains(&to.to_lowercase()),
            _ => false,
        },
        _ => relation == Relation::IsNot,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(condition: &str, now: &Value, start: &Value) -> bool {
        let condition = Condition::read(condition).unwrap_or_else(|error| panic!("{error}"));
        condition.holds(Some(now), Some(start))
    }

    #[test]
    fn numbers_are_compared() {
        let number = Value::Number;
        let at = |condition: &str, now: f64| holds(condition, &number(now), &number(1.0));
        for (condition, below, at_it, above) in [
            ("t = 1.5", false, true, false),
            ("t != 1.5", true, false, true),
            ("t < 1.5", true, false, false),
            ("t <= 1.5", true, true, false),
            ("t > 1.5", false, false, true),
            ("t >= 150%", false, true, true),
        ] {
            let found = [1.4, 0.1 * 15.0, 1.6].map(|now| at(condition, now));
            assert_eq!(found, [below, at_it, above], "{condition}");
        }
        // Turned up and down again in single precision.
        let there = f64::from(1.1_f32 - 0.05 - 0.05);
        assert!(there != 1.0 && !at("t rose", there) && !at("t fell", there));
        assert!(at("t rose", 1.1) && !at("t rose", 1.0) && !at("t rose", 0.9));
        assert!(at("t fell", 0.9) && !at("t fell", 1.0) && !at("t fell", 1.1));
        assert!(at("t changed", 0.9) && !at("t changed", 1.0));
    }

    #[test]
    fn texts_are_compared_and_have_no_order() {
        let text = |text: &str| Value::Text(text.to_owned());
        let at = |condition: &str, now: &str| holds(condition, &text(now), &text("next"));
        assert!(at("focus = next", "next") && !at("focus = next", "text"));
        assert!(at("focus != next", "text") && !at("focus != next", "next"));
        assert!(at("prompt contains \"a King\"", "there was a king"));
        assert!(!at("prompt contains queen", "there was a king"));
        assert!(at("focus changed", "text") && !at("focus changed", "next"));
        assert!(!at("focus > a", "b") && !at("focus rose", "z"));
        assert!(!at("focus = 1", "1") && at("focus != 1", "1"), "no number");
    }

    #[test]
    fn of_what_is_not_known_nothing_is_true() {
        let number = Value::Number(1.0);
        for condition in ["p = 1", "p != 1", "p changed", "p rose"] {
            let condition = Condition::read(condition).expect("a condition");
            assert!(!condition.holds(None, Some(&number)));
        }
        let changed = Condition::read("p changed").expect("a condition");
        assert!(!changed.holds(Some(&number), None));
    }

    #[test]
    fn a_token_in_quotes_is_part_of_the_figure() {
        let condition = Condition::read("p:\" a b\" >= 10 %").expect("a condition");
        assert_eq!(condition.figure.of.as_deref(), Some("\" a b\""));
        assert_eq!(
            condition.test,
            Test::Compared(Relation::AtLeast, Value::Number(0.1))
        );
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        for text in ["", "p", "p >", "p ~ 3", "p changed 3", "> 3", "p rises"] {
            assert!(Condition::read(text).is_err(), "{text}");
        }
    }
}
