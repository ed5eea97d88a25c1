"""Writes what PyTorch computes for small models in training, for tests/training_reference.rs.

usage: python training.py [DIR]        (DIR is `training` beside this script unless given)
needs: torch, transformers, safetensors

`gpt2.safetensors` and `post-norm.safetensors`: `weights.NAME` by GPT-2's names, a batch (`inputs`, `targets`, `shares`),
its `loss`, and `gradients.NAME`. `run.safetensors`: initial weights, the batches of 200 steps and the loss of each under
AdamW with GPT-2's decay groups, clipping, warm-up and a cosine. `adam.safetensors`: 20 steps of Adam with Keras' epsilon.
"""

import math
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from transformers import GPT2Config, GPT2LMHeadModel

SIZES = dict(vocab_size=61, n_positions=16, n_embd=24, n_layer=2, n_head=3, n_inner=40)


def gpt2(seed: int, spread: float) -> dict:
    torch.manual_seed(seed)
    model = GPT2LMHeadModel(GPT2Config(**SIZES, resid_pdrop=0, embd_pdrop=0, attn_pdrop=0))
    weights = {}
    for name, value in model.named_parameters():
        weights[name.removeprefix("transformer.")] = (value + spread * torch.randn_like(value)).detach()
    return weights


def gpt2_logits(weights: dict, tokens: torch.Tensor) -> torch.Tensor:
    model = GPT2LMHeadModel(GPT2Config(**SIZES, resid_pdrop=0, embd_pdrop=0, attn_pdrop=0))
    named = {f"transformer.{name}": value for name, value in weights.items()}
    named["lm_head.weight"] = weights["wte.weight"]
    return torch.func.functional_call(model, named, (tokens,), {"use_cache": False}, tie_weights=False).logits


HEADS, HEAD_WIDTH = 2, 7


def post_norm(seed: int) -> dict:
    torch.manual_seed(seed)
    vocabulary, time, width, inner = (SIZES[k] for k in ("vocab_size", "n_positions", "n_embd", "n_inner"))
    attention = HEADS * HEAD_WIDTH
    shapes = {"wte.weight": (vocabulary, width), "wpe.weight": (time, width)}
    for layer in range(SIZES["n_layer"]):
        for name, shape in {
            "ln_1.weight": (width,), "ln_1.bias": (width,), "ln_2.weight": (width,), "ln_2.bias": (width,),
            "attn.c_attn.weight": (width, 3 * attention), "attn.c_attn.bias": (3 * attention,),
            "attn.c_proj.weight": (attention, width), "attn.c_proj.bias": (width,),
            "mlp.c_fc.weight": (width, inner), "mlp.c_fc.bias": (inner,),
            "mlp.c_proj.weight": (inner, width), "mlp.c_proj.bias": (width,),
        }.items():
            shapes[f"h.{layer}.{name}"] = shape
    shapes |= {"lm_head.weight": (vocabulary, width), "lm_head.bias": (vocabulary,)}
    return {name: 0.3 * torch.randn(shape) + ("ln_" in name and name.endswith("weight")) for name, shape in shapes.items()}


def post_norm_logits(weights: dict, tokens: torch.Tensor) -> torch.Tensor:
    batch, time = tokens.shape
    x = weights["wte.weight"][tokens] + weights["wpe.weight"][:time]
    for layer in range(SIZES["n_layer"]):
        w = lambda name: weights[f"h.{layer}.{name}"]
        norm = lambda x, name: F.layer_norm(x, x.shape[-1:], w(f"{name}.weight"), w(f"{name}.bias"), 1e-5)
        qkv = x @ w("attn.c_attn.weight") + w("attn.c_attn.bias")
        q, k, v = qkv.view(batch, time, 3, HEADS, HEAD_WIDTH).permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(batch, time, -1)
        x = norm(x + attended @ w("attn.c_proj.weight") + w("attn.c_proj.bias"), "ln_1")
        inner = F.relu(x @ w("mlp.c_fc.weight") + w("mlp.c_fc.bias"))
        x = norm(x + inner @ w("mlp.c_proj.weight") + w("mlp.c_proj.bias"), "ln_2")
    return x @ weights["lm_head.weight"].T + weights["lm_head.bias"]


def gradients(weights: dict, logits_of, path: Path) -> None:
    inputs, targets = (torch.randint(0, SIZES["vocab_size"], (3, 13)) for _ in range(2))
    real = torch.rand(3, 13) > 0.2
    shares = real.float() / real.sum()
    weights = {name: value.clone().requires_grad_() for name, value in weights.items()}
    rows = F.cross_entropy(logits_of(weights, inputs).flatten(0, 1), targets.flatten(), reduction="none")
    loss = (rows * shares.flatten()).sum()
    loss.backward()
    save_file(
        {f"weights.{name}": value.detach().contiguous() for name, value in weights.items()}
        | {f"gradients.{name}": value.grad.contiguous() for name, value in weights.items()}
        | {"inputs": inputs.int(), "targets": targets.int(), "shares": shares, "loss": loss.detach().reshape(1)},
        path,
    )
    print(f"{path.name}: loss {loss.item():.6f}")


def batches(steps: int) -> torch.Tensor:
    """Sequences in which each token follows from the two before it three times out of four."""
    generator = torch.Generator().manual_seed(3)
    vocabulary, time = SIZES["vocab_size"], SIZES["n_positions"] + 1
    tokens = torch.randint(0, vocabulary, (steps, 8, time), generator=generator)
    chosen = torch.rand(tokens.shape, generator=generator) < 0.75
    for at in range(2, time):
        rule = (tokens[..., at - 1] * 5 + tokens[..., at - 2] // 8) % vocabulary
        tokens[..., at] = torch.where(chosen[..., at], rule, tokens[..., at])
    return tokens


def run(path: Path, steps: int, keras: bool) -> None:
    weights = gpt2(5, 0.0)
    tokens = batches(steps)
    leaves = {name: value.clone().requires_grad_() for name, value in weights.items()}
    if keras:
        optimizer = torch.optim.Adam(leaves.values(), lr=1e-3, eps=1e-7)
    else:
        decayed = [value for value in leaves.values() if value.dim() > 1]
        others = [value for value in leaves.values() if value.dim() == 1]
        groups = [{"params": decayed, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
        optimizer = torch.optim.AdamW(groups, lr=1.0, betas=(0.9, 0.95), eps=1e-8)
    losses = []
    for step in range(steps):
        if not keras:  # 20 steps of warm-up to 6e-3, then a cosine to a tenth
            share = (step + 1) / 20 if step < 20 else 0.1 + 0.45 * (1 + math.cos(math.pi * (step - 20) / (steps - 20)))
            for group in optimizer.param_groups:
                group["lr"] = 6e-3 * share
        batch = tokens[step]
        loss = F.cross_entropy(gpt2_logits(leaves, batch[:, :-1]).flatten(0, 1), batch[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        if not keras:
            torch.nn.utils.clip_grad_norm_(leaves.values(), 1.0)
        optimizer.step()
        losses.append(loss.item())
    save_file(
        {f"weights.{name}": value.contiguous() for name, value in weights.items()}
        | {"tokens": tokens.to(torch.uint8), "losses": torch.tensor(losses)},
        path,
    )
    print(f"{path.name}: loss {losses[0]:.4f} to {losses[-1]:.4f}")


def main() -> None:
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent / "training")
    root.mkdir(parents=True, exist_ok=True)
    gradients(gpt2(1, 0.15), gpt2_logits, root / "gpt2.safetensors")
    gradients(post_norm(2), post_norm_logits, root / "post-norm.safetensors")
    run(root / "run.safetensors", 200, keras=False)
    run(root / "adam.safetensors", 20, keras=True)


if __name__ == "__main__":
    main()
