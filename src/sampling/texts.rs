//! Every setting that is one text, described once: for flags, rows and help.

use super::{SamplerSettings, StageKind};

/// A field of [`SamplerSettings`] that is a text; an empty one is off.
#[derive(Debug)]
pub struct TextKnob {
    /// The field's name, as in the configuration file.
    pub field: &'static str,
    /// The stage that goes by it.
    pub owner: StageKind,
    /// The flag, without its dashes.
    pub flag: &'static str,
    /// What stands for the value in help.
    pub value_name: &'static str,
    /// What would be accepted, as a sentence fragment.
    pub accepts: &'static str,
    /// What it is good for, in one sentence.
    pub why: &'static str,
    read: fn(&SamplerSettings) -> &String,
    write: fn(&mut SamplerSettings) -> &mut String,
}

impl TextKnob {
    /// The text in these settings.
    pub fn get<'a>(&self, settings: &'a SamplerSettings) -> &'a str {
        (self.read)(settings)
    }

    /// Sets the text. It is not checked: see [`SamplerSettings::validate`] and [`SamplerSettings::check_grammar`].
    pub fn set(&self, settings: &mut SamplerSettings, text: String) {
        *(self.write)(settings) = text;
    }
}

macro_rules! text {
    ($field:ident, $owner:ident, $flag:literal $value_name:literal, $accepts:literal, $why:literal) => {
        TextKnob {
            field: stringify!($field),
            owner: StageKind::$owner,
            flag: $flag,
            value_name: $value_name,
            accepts: $accepts,
            why: $why,
            read: |settings| &settings.$field,
            write: |settings| &mut settings.$field,
        }
    };
}

/// All of them.
pub const TEXT_KNOBS: &[TextKnob] = &[
    text!(
        negative_prompt,
        Guidance,
        "negative-prompt" "TEXT",
        "a text, empty for the last token of the prompt",
        "What guidance-scale leads away from; without it the prompt's last token."
    ),
    text!(
        grammar_regex,
        Grammar,
        "regex" "REGEX",
        "a regular expression, empty for none",
        "The text after the prompt must match this regular expression from its first to its last character."
    ),
    text!(
        grammar_json_schema,
        Grammar,
        "json-schema" "FILE|SCHEMA",
        "a JSON schema, empty for none",
        "The text after the prompt must be a JSON value of this schema."
    ),
    text!(
        grammar_lark,
        Grammar,
        "lark" "FILE|GRAMMAR",
        "a grammar with a rule `start:`, empty for none",
        "The text after the prompt must be one of this grammar, in the syntax of Lark."
    ),
];

/// The one of a field.
pub fn text_knob(field: &str) -> Option<&'static TextKnob> {
    TEXT_KNOBS.iter().find(|knob| knob.field == field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_described_and_reads_what_it_writes() {
        let neutral = SamplerSettings::neutral();
        let json = serde_json::to_value(&neutral).expect("settings are JSON");
        let fields = json.as_object().expect("a table").iter();
        let mut texts: Vec<&str> = fields
            .filter(|(field, value)| value.is_string() && *field != "method")
            .map(|(field, _)| field.as_str())
            .collect();
        let mut described: Vec<&str> = TEXT_KNOBS.iter().map(|knob| knob.field).collect();
        texts.sort_unstable();
        described.sort_unstable();
        assert_eq!(described, texts);
        for knob in TEXT_KNOBS {
            let mut settings = SamplerSettings::neutral();
            assert_eq!(knob.get(&settings), "", "{}", knob.field);
            knob.set(&mut settings, "x".to_owned());
            let json = serde_json::to_value(&settings).expect("settings are JSON");
            assert_eq!(json[knob.field], "x");
            assert!(knob.why.ends_with('.') && !knob.accepts.ends_with('.'));
        }
    }
}
