"""Writes conversations as transformers renders them with templates of the kinds in use, for tests/chat.rs.

usage: python chat.py [FILE]       (FILE is `chat.json` beside this script unless given)
needs: transformers, jinja2

`chatml` is SmolLM2's own template (Apache-2.0); the others are written here in the manner of Llama 3, Zephyr, Llama 2
and of templates that use more of the language.
"""

import json
import sys
from pathlib import Path

from transformers.utils.chat_template_utils import render_jinja_template

TEMPLATES = {
    "chatml": "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
              "{{ '<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n' }}"
              "{% endif %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}"
              "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
    "headers": "{% set loop_messages = messages %}{% for message in loop_messages %}"
               "{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' "
               "+ message['content'] | trim + '<|eot_id|>' %}"
               "{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}"
               "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}",
    "lines": "{% for message in messages %}\n{% if message['role'] == 'user' %}\n"
             "{{ '<|user|>\n' + message['content'] + eos_token }}\n{% elif message['role'] == 'system' %}\n"
             "{{ '<|system|>\n' + message['content'] + eos_token }}\n{% elif message['role'] == 'assistant' %}\n"
             "{{ '<|assistant|>\n'  + message['content'] + eos_token }}\n{% endif %}\n"
             "{% if loop.last and add_generation_prompt %}\n{{ '<|assistant|>' }}\n{% endif %}\n{% endfor %}",
    "instructions": "{% if messages[0]['role'] == 'system' %}{% set told = messages[0]['content'] %}"
                    "{% set messages = messages[1:] %}{% else %}{% set told = none %}{% endif %}{{ bos_token }}"
                    "{% for m in messages %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
                    "{{ raise_exception('Roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
                    "{% if m['role'] == 'user' %}[INST] {% if loop.first and told %}<<SYS>>\n{{ told.strip() }}\n<</SYS>>\n\n"
                    "{% endif %}{{ m.content.strip() }} [/INST]{% else %} {{ m.content }}{{ eos_token }}{% endif %}"
                    "{% endfor %}",
    "language": "{%- set ns = namespace(turns=0) -%}\n{%- macro turn(m) -%}\n<{{ m.role.upper() }}>{{ m.content | tojson }}"
                "{%- endmacro -%}\n{%- for m in messages if m.role is defined and m.content is string %}\n"
                "    {%- set ns.turns = ns.turns + 1 %}\n    {{- turn(m) }}\n"
                "    {%- if ns.turns > 3 %}{% break %}{% endif %}\n{%- endfor %}\n"
                "{{- '|' ~ ns.turns ~ '|' }}{% if 'x' in messages[-1].content.split(' ') %}x{% endif %}"
                "{{ messages | map(attribute='role') | join(',') }}{{ messages | selectattr('role', 'equalto', 'user') "
                "| list | length }}{% if tools is not defined or tools is none %}-{% endif %}\n",
}
SYSTEM = {"role": "system", "content": " Be <brief> & \"kind\".\n"}
CONVERSATIONS = [
    [{"role": "user", "content": "What is 2 + 2?"}],
    [SYSTEM, {"role": "user", "content": "  Grüße, 世界 🦀\nx  "}],
    [SYSTEM, {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello {{ 7 * 7 }}"},
     {"role": "user", "content": "say 'x' x"}],
]


def main() -> None:
    path = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent / "chat.json")
    cases = []
    for name, template in TEMPLATES.items():
        rendered, _ = render_jinja_template(CONVERSATIONS, chat_template=template, add_generation_prompt=True,
                                            bos_token="<s>", eos_token="</s>")
        for conversation, expected in zip(CONVERSATIONS, rendered):
            cases.append(dict(name=name, template=template, messages=conversation, expected=expected))
    path.write_text(json.dumps(cases, indent=1, ensure_ascii=False) + "\n")
    print(f"{len(cases)} cases, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
