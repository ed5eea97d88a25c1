"""Writes small random GPT-2 models and the logits that transformers gives for them, for tests/parity.rs.

usage: python gpt2.py [DIR]        (DIR is `gpt2` beside this script unless given)
needs: torch, transformers, safetensors, tokenizers

Each model is a directory in Hugging Face layout, with `reference.safetensors` beside the weights: `tokens (n)`, and
`logits (n, vocabulary)` at every position in f32, computed without a cache from the weights as they are stored.
"""

import json
import shutil
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel

# name: (changes to the configuration, how it is stored, tokens in the reference)
BASE = dict(vocab_size=61, n_positions=40, n_embd=32, n_layer=2, n_head=4, bos_token_id=0, eos_token_id=0)
CASES = {
    "plain": ({}, {}, 40),
    "odd-heads": (dict(n_embd=45, n_head=3, n_inner=77, vocab_size=53), {}, 30),
    "untied": (dict(tie_word_embeddings=False, n_embd=40, n_head=5), {}, 30),
    "long-context": (dict(n_positions=700, n_embd=18, n_head=2, vocab_size=37), {}, 700),
    "relu-inverse-layer": (
        dict(activation_function="relu", scale_attn_by_inverse_layer_idx=True, n_layer=3), {}, 30),
    "erf-unscaled": (
        dict(activation_function="gelu", scale_attn_weights=False, layer_norm_epsilon=1e-3), {}, 30),
    "silu-one-head": (dict(activation_function="silu", n_head=1, n_layer=1, n_inner=32), {}, 30),
    "f16-without-prefix": ({}, dict(dtype=torch.float16, prefix=False), 30),
    "bf16": (dict(activation_function="gelu_pytorch_tanh"), dict(dtype=torch.bfloat16), 30),
    "sharded-untied": (dict(tie_word_embeddings=False, n_layer=3), dict(shard="40KB"), 30),
}


def tiny_tokenizer(path: Path) -> None:
    """A byte-level tokenizer of single letters: the models need one to be whole."""
    letters = ["<|endoftext|>"] + [chr(code) for code in range(ord("a"), ord("z") + 1)]
    tokenizer = Tokenizer(models.BPE(vocab={letter: i for i, letter in enumerate(letters)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<|endoftext|>"])
    tokenizer.save(str(path), pretty=False)


def build(seed: int, changes: dict, stored: dict) -> GPT2LMHeadModel:
    torch.manual_seed(seed)
    model = GPT2LMHeadModel(GPT2Config(**{**BASE, **changes})).eval()
    with torch.no_grad():  # fresh biases are 0 and fresh norms 1, which would hide mistakes
        for name, value in model.named_parameters():
            value.add_(torch.randn_like(value) * (0.15 if value.dim() > 1 else 0.3))
        dtype = stored.get("dtype", torch.float32)
        for value in model.parameters():
            value.copy_(value.to(dtype).float())
    return model


def main() -> None:
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent / "gpt2")
    for seed, (name, (changes, stored, length)) in enumerate(CASES.items()):
        directory = root / name
        shutil.rmtree(directory, ignore_errors=True)
        model = build(seed, changes, stored)
        tokens = torch.randint(0, model.config.vocab_size, (length,))
        with torch.no_grad():
            logits = model(tokens[None], use_cache=False).logits[0].contiguous()
        saved = model if stored.get("prefix", True) else model.transformer
        saved.to(stored.get("dtype", torch.float32)).save_pretrained(
            directory, max_shard_size=stored.get("shard", "1GB"))
        (directory / "generation_config.json").unlink(missing_ok=True)
        config = json.loads((directory / "config.json").read_text())
        assert config["model_type"] == "gpt2", config
        tiny_tokenizer(directory / "tokenizer.json")
        save_file({"tokens": tokens.int(), "logits": logits.float()}, directory / "reference.safetensors")
        size = sum(file.stat().st_size for file in directory.iterdir())
        print(f"{name}: {model.num_parameters()} parameters, {size} bytes, logits up to {logits.abs().max():.1f}")


if __name__ == "__main__":
    main()
