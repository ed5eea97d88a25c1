//! Records that hold conversations, which are no texts yet.

use serde_json::Value;

/// The fields of the usual forms of conversations, each with the form's name; all of a form must be there.
const FORMS: [(&[&str], &str); 5] = [
    (&["messages"], "messages of a chat"),
    (&["conversations"], "conversations as ShareGPT has them"),
    (&["conversation"], "conversations"),
    (&["prompt", "completion"], "prompts with completions"),
    (&["instruction", "output"], "instructions with outputs"),
];

/// What a record without a text of its own holds, if that is a conversation.
pub(super) fn conversation(record: &Value) -> Option<&'static str> {
    let has = |fields: &&[&str]| fields.iter().all(|field| record.get(*field).is_some());
    let found = FORMS.iter().find(|(fields, _)| has(fields));
    found.map(|(_, name)| *name)
}

/// Whether a list is one of messages: objects of who speaks and what they say.
pub(super) fn is_messages(list: &[Value]) -> bool {
    let says = |message: &Value| {
        let has = |field: &str| message.get(field).is_some();
        (has("role") && has("content")) || (has("from") && has("value"))
    };
    !list.is_empty() && list.iter().all(says)
}
