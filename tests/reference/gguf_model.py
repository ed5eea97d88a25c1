"""Compares the next-token logits of a real GGUF model with those of transformers on the dequantised weights.

usage: python gguf_model.py FILE.gguf [LOGITSCOPE]      (LOGITSCOPE is the binary, `logitscope` unless given)
needs: torch, transformers, gguf

transformers reads the same file, dequantises it and computes in f32; the binary runs with --precision f32, which
dequantises too, and with the file's own quantisation. Tokens are compared as well.
"""

import json
import subprocess
import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

PROMPTS = [
    "The capital of France is",
    "def fibonacci(n):\n    if n < 2:\n        return",
    "Café 1234 — naïve 🦀 text,  with   odd\tspaces\n\n",
    "<|im_start|>user\nWhat is 2 + 2?<|im_end|>\n<|im_start|>assistant\n",
]


def odds(binary: str, file: Path, prompt: str, precision: str) -> torch.Tensor:
    command = [binary, "odds", "--model", str(file), "--device", "cpu", "--precision", precision, "--all", "--json",
               prompt]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rows = json.loads(output.splitlines()[-1])["rows"]
    logits = torch.zeros(len(rows))
    for row in rows:
        logits[row["id"]] = row["logit"]
    return logits


def ids(binary: str, file: Path, prompt: str) -> list[int]:
    command = [binary, "tokens", "--model", str(file), "--ids", prompt]
    return [int(id) for id in subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()]


def main() -> None:
    file = Path(sys.argv[1])
    binary = sys.argv[2] if len(sys.argv) > 2 else "logitscope"
    model = AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
    for prompt in PROMPTS:
        theirs = tokenizer(prompt, add_special_tokens=False)["input_ids"]
        ours = ids(binary, file, prompt)
        with torch.no_grad():
            expected = model(torch.tensor([ours])).logits[0, -1]
        print(f"{prompt!r}\n  {len(ours)} tokens, {'the same' if ours == theirs else f'not {theirs} but {ours}'}")
        print(f"  transformers' best: {tokenizer.decode([expected.argmax().item()])!r}")
        for precision in ["f32", "auto"]:
            logits = odds(binary, file, prompt, precision)
            difference = (logits - expected).abs().max().item()
            best = tokenizer.decode([logits.argmax().item()])
            print(f"  {precision}: off by at most {difference:.2e}, best {best!r}")


if __name__ == "__main__":
    main()
