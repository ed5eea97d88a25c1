//! Chat templates, which are programs of strangers.

use logitscope::model::Chat;
use logitscope::text::{ChatTemplate, SpecialTokens};
use proptest::prelude::*;

use super::harness::Target;

/// As models of today have them.
const SEEDS: [&str; 3] = [
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{% set system = messages[0]['content'] | trim %}{% set rest = messages[1:] %}{% else %}{% set system = '' %}{% set rest = messages %}{% endif %}{% for m in rest %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}{{ '[INST] ' + system + m['content'].strip() + ' [/INST]' }}{% endfor %}",
    "{%- macro turn(m) -%}{{ m.role | upper }}: {{ m.content.split('\n') | join(' ') | tojson }}{%- endmacro -%}{%- set ns = namespace(n=0) -%}{%- for m in messages -%}{%- set ns.n = ns.n + 1 -%}{{ turn(m) }}{{ strftime_now('%d %B %Y') }}{%- endfor -%}{{ ns.n }}",
];

#[test]
fn chat_template() {
    let target = Target {
        name: "chat-template",
        seeds: SEEDS.map(|seed| seed.as_bytes().to_vec()).to_vec(),
        reach: usize::MAX,
        words: &[
            "{% for x in range(100000000) %}",
            "{{ 'a' * 1000000000 }}",
            "{{ range(1000000000) | list }}",
            "{{ messages * 1000000 }}",
            "{% endfor %}",
            "{% set x = x ~ x %}",
            "{{ turn(m) }}",
            "{% macro turn(m) %}",
            "{% endmacro %}",
            " * 1000000000",
            " ** 9999",
            "| join",
            "[::-1]",
            "[1:99999999999]",
            "{{ '%999999999d' % 1 }}",
            "| indent(999999999)",
            "| center(999999999)",
            "| tojson(indent=999999999)",
            "{{ 'x'.replace('', 'y' * 9999) }}",
            "{% include 'chat' %}",
            "{% extends 'chat' %}",
            "{% import 'chat' as c %}",
            "{{ '{:>999999999}'.format(1) }}",
            "{% raw %}",
            "{#",
            "loop(messages)",
            " recursive",
            "| batch(0)",
            "| slice(0)",
            "{{ strftime_now('%999999999d') }}",
            "{{ [1] | sum(start=1) }}",
            "{% set x = [x, x] %}",
        ],
    };
    target.run(|bytes| {
        let source = String::from_utf8_lossy(bytes).into_owned();
        let tokens = SpecialTokens {
            bos_token: Some("<s>".to_owned()),
            ..SpecialTokens::default()
        };
        match ChatTemplate::new(source, "a file", tokens) {
            Ok(template) => {
                let chat = Chat::new(template, "Be brief.");
                match chat.render("Hello") {
                    Ok(text) => prop_assert!(text.len() < 1 << 26, "{} bytes", text.len()),
                    Err(error) => prop_assert!(!error.to_string().contains('\n'), "{}", error),
                }
            }
            Err(error) => prop_assert!(!error.to_string().contains('\n'), "{}", error),
        }
        Ok(())
    });
}

/// What `source` makes of a user's "Hello".
fn written(source: &str) -> Result<String, String> {
    let template = ChatTemplate::new(source.to_owned(), "a file", SpecialTokens::default());
    let chat = Chat::new(template.map_err(|error| error.to_string())?, "");
    chat.render("Hello").map_err(|error| error.to_string())
}

#[test]
fn templates_that_once_took_all_memory() {
    for source in [
        "{{ '{:>999999999}'.format(1) }}",
        "{{ '{:.999999999f}'.format(1) }}",
        "{{ ('a' * 900000).replace('a', 'b' * 900000) }}",
        "{{ 'a'.replace('', 'b' * 1500000) }}",
        "{{ ('a' * 100000).join(range(50000) | list) }}",
        "{% set x = 'a' * 900000 %}{{ ''.join([x, x, x, x, x, x, x, x]) }}",
    ] {
        let error = written(source).expect_err(source);
        let expected = "a file: the chat template ";
        assert!(error.starts_with(expected) && error.len() < 200, "{error}");
    }
    for (source, expected) in [
        ("{{ '{:>4}|{:.2f}'.format(1, 2.5) }}", "   1|2.50"),
        ("{{ messages[0].content.replace('l', 'L') }}", "HeLLo"),
        ("{{ ', '.join(['a', 'b']) }}", "a, b"),
        ("{{ ' a '.strip() + 'b'.upper() }}", "aB"),
    ] {
        assert_eq!(written(source).as_deref(), Ok(expected));
    }
}
