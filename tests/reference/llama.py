"""Writes small random models of the Llama family and the logits that transformers gives for them, for tests/parity.rs.

usage: python llama.py [DIR]       (DIR is `llama` beside this script unless given)
needs: torch, transformers, safetensors, tokenizers

The layout is that of gpt2.py.
"""

import json
import shutil
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import (LlamaConfig, LlamaForCausalLM, MistralConfig, MistralForCausalLM, Qwen2Config,
                          Qwen2ForCausalLM)

from gpt2 import tiny_tokenizer

BASE = dict(vocab_size=61, hidden_size=32, intermediate_size=44, num_hidden_layers=2, num_attention_heads=4,
            num_key_value_heads=2, max_position_embeddings=40, rms_norm_eps=1e-5, bos_token_id=0, eos_token_id=0,
            tie_word_embeddings=False)
LLAMA3 = dict(rope_type="llama3", rope_theta=500000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
              original_max_position_embeddings=64)
LLAMA, MISTRAL, QWEN2 = ((LlamaConfig, LlamaForCausalLM), (MistralConfig, MistralForCausalLM),
                         (Qwen2Config, Qwen2ForCausalLM))

# name: (family, changes to the configuration, how it is stored, tokens in the reference)
CASES = {
    "grouped": (LLAMA, {}, {}, 40),
    "tied": (LLAMA, dict(num_key_value_heads=4, tie_word_embeddings=True), {}, 30),
    "wide-heads": (LLAMA, dict(head_dim=14, num_key_value_heads=1, rms_norm_eps=1e-3), {}, 30),
    "biases": (LLAMA, dict(attention_bias=True, mlp_bias=True), {}, 30),
    "rope-llama3": (LLAMA, dict(rope_parameters=LLAMA3, max_position_embeddings=300), dict(old=True), 300),
    "rope-linear": (LLAMA, dict(rope_parameters=dict(rope_type="linear", rope_theta=10000.0, factor=4.0)), {}, 40),
    "mistral": (MISTRAL, dict(head_dim=12, sliding_window=None), {}, 30),
    "qwen2": (QWEN2, dict(tie_word_embeddings=True), {}, 30),
    "bf16-sharded": (LLAMA, {}, dict(dtype=torch.bfloat16, shard="12KB"), 30),
}


def build(seed: int, family, changes: dict, dtype=torch.float32):
    torch.manual_seed(seed)
    config, model = family
    model = model(config(**{**BASE, **changes})).eval()
    with torch.no_grad():  # fresh biases are 0 and fresh norms 1, which would hide mistakes
        for value in model.parameters():
            value.add_(torch.randn_like(value) * (0.25 if value.dim() > 1 else 0.3))
            value.copy_(value.to(dtype).float())
    return model


def reference(model, tokens: torch.Tensor) -> dict:
    with torch.no_grad():
        logits = model(tokens[None], use_cache=False).logits[0]
    return {"tokens": tokens.int(), "logits": logits.float().contiguous()}


def to_old_style(config: dict) -> dict:
    """As files have it that were written before transformers 5."""
    rope = config.pop("rope_parameters")
    config["rope_theta"] = rope.pop("rope_theta")
    config["rope_scaling"] = rope
    return config


def main() -> None:
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent / "llama")
    for seed, (name, (family, changes, stored, length)) in enumerate(CASES.items()):
        directory = root / name
        shutil.rmtree(directory, ignore_errors=True)
        dtype = stored.get("dtype", torch.float32)
        model = build(seed, family, changes, dtype)
        values = reference(model, torch.randint(0, model.config.vocab_size, (length,)))
        model.to(dtype).save_pretrained(directory, max_shard_size=stored.get("shard", "1GB"))
        (directory / "generation_config.json").unlink(missing_ok=True)
        config = directory / "config.json"
        if stored.get("old"):
            config.write_text(json.dumps(to_old_style(json.loads(config.read_text())), indent=2))
        tiny_tokenizer(directory / "tokenizer.json")
        save_file(values, directory / "reference.safetensors")
        size = sum(file.stat().st_size for file in directory.iterdir())
        print(f"{name}: {model.num_parameters()} parameters, {size} bytes, "
              f"logits up to {values['logits'].abs().max():.1f}")


if __name__ == "__main__":
    main()
