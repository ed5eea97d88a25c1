//! Chat templates against what transformers makes of them, and templates that mean harm.

#![cfg(feature = "chat")]

use logitscope::text::{ChatTemplate, Message, SpecialTokens};
use serde_json::Value;

fn template(source: &str) -> ChatTemplate {
    let tokens = SpecialTokens {
        bos_token: Some("<s>".to_owned()),
        eos_token: Some("</s>".to_owned()),
        ..SpecialTokens::default()
    };
    ChatTemplate::new(source.to_owned(), "a.gguf", tokens)
        .unwrap_or_else(|error| panic!("{error}: {source}"))
}

#[test]
fn conversations_are_written_as_transformers_does() {
    let cases: Vec<Value> =
        serde_json::from_str(include_str!("reference/chat.json")).expect("the reference");
    assert_eq!(cases.len(), 15);
    for case in cases {
        let messages: Vec<Message> = case["messages"]
            .as_array()
            .expect("messages")
            .iter()
            .map(|message| {
                let text = |key: &str| message[key].as_str().expect("text");
                Message::new(text("role"), text("content"))
            })
            .collect();
        let text = template(case["template"].as_str().expect("text")).render(&messages);
        assert_eq!(
            text.as_deref().ok(),
            case["expected"].as_str(),
            "{}: {text:?}",
            case["name"]
        );
    }
}

#[test]
fn what_fails_is_one_clear_sentence() {
    let user = [Message::new("user", "Hi")];
    for (source, expected) in [
        (
            "{{ raise_exception('Roles must\nalternate\x1b[2J') }}",
            "a.gguf: the chat template refuses: Roles must alternate",
        ),
        (
            "{{ messages[0].content.frobnicate() }}",
            "a.gguf: the chat template fails:",
        ),
        ("{{ nothing.at.all }}", "a.gguf: the chat template fails:"),
        (
            "{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}{% endfor %}{% endfor %}{% endfor %}",
            "a.gguf: the chat template does not come to an end",
        ),
        (
            "{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}",
            "a.gguf: the chat template",
        ),
        ("{% include '/etc/passwd' %}", "a.gguf: the chat template"),
    ] {
        let error = match ChatTemplate::new(source.to_owned(), "a.gguf", SpecialTokens::default()) {
            Ok(template) => template.render(&user).expect_err(source),
            Err(error) => error,
        };
        let error = error.to_string();
        assert!(error.starts_with(expected), "{source}: {error}");
        assert!(!error.contains(['\n', '\x1b']), "{error:?}");
    }
    let error = ChatTemplate::new("{% if %}".to_owned(), "a.gguf", SpecialTokens::default())
        .expect_err("half a template");
    assert!(error.to_string().contains("cannot be read: "), "{error}");
}
