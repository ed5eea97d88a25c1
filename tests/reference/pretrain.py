"""Trains the embedded model's shape with PyTorch, to hold our own trainer's loss against.

usage: python pretrain.py CORPUS EXCLUDED TOKENIZER VALIDATION STEPS [--batch 16] [--rate 1e-2] [--warmup 10] [--hold 0]
needs: torch 2.9 or later, tokenizers

CORPUS and VALIDATION are texts with `<|endoftext|>` between books, EXCLUDED the list of words whose lines are left out,
TOKENIZER a tokenizer.json. Same shape, optimizer, schedule and windows as in assets/model/README.md; first weights and
order are drawn by PyTorch. Prints the loss every ten steps and at the end the validation loss, whole.
"""

import argparse
import math
import re
import time

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import nn

LAYERS, HEADS, WIDTH, CONTEXT = 4, 8, 256, 256


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm_1, self.norm_2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.query, self.key, self.value, self.out = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x):
        batch, length, _ = x.shape
        normed = self.norm_1(x)
        q, k, v = (
            part(normed).view(batch, length, HEADS, -1).transpose(1, 2) for part in (self.query, self.key, self.value)
        )
        attended = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(attended.transpose(1, 2).reshape(x.shape))
        return x + self.down(F.gelu(self.up(self.norm_2(x)), approximate="tanh"))


class Model(nn.Module):
    def __init__(self, vocabulary):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(vocabulary, WIDTH), nn.Embedding(CONTEXT, WIDTH)
        self.blocks = nn.ModuleList(Block() for _ in range(LAYERS))
        self.norm = nn.LayerNorm(WIDTH)
        # GPT-2's first weights: what writes to the residual stream starts smaller.
        for name, parameter in self.named_parameters():
            if parameter.ndim == 2:
                writes = name.endswith(("out.weight", "down.weight"))
                nn.init.normal_(parameter, std=0.02 / math.sqrt(2 * LAYERS) if writes else 0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)

    def forward(self, ids, targets):
        x = self.tokens(ids) + self.positions.weight[: ids.shape[1]]
        for block in self.blocks:
            x = block(x)
        logits = F.linear(self.norm(x), self.tokens.weight)
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


def windows(path, tokenizer, excluded=None):
    """Inputs and targets of all windows: each document has the end token before and after it, as in our recipe."""
    end = tokenizer.token_to_id("<|endoftext|>")
    ids = [end]
    with open(path, encoding="utf-8") as file:
        for document in file.read().split("<|endoftext|>"):
            if document.strip():
                lines = document.split("\n")
                if excluded:
                    lines = [line for line in lines if not excluded.search(line)]
                ids += tokenizer.encode("\n".join(lines)).ids + [end]
    count = (len(ids) - 1) // CONTEXT
    flat = torch.tensor(ids[: count * CONTEXT + 1])
    return flat[:-1].view(count, CONTEXT), flat[1:].view(count, CONTEXT)


def main():
    parser = argparse.ArgumentParser()
    for name in ("corpus", "excluded", "tokenizer", "validation"):
        parser.add_argument(name)
    parser.add_argument("steps", type=int)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=1e-2)
    parser.add_argument("--warmup", type=int, default=10)
    parser.add_argument("--hold", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    tokenizer = Tokenizer.from_file(args.tokenizer)
    with open(args.excluded, encoding="utf-8") as file:
        words = [line.strip() for line in file if line.strip() and not line.startswith("#")]
    excluded = re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, words)) + r")(?!\w)", re.IGNORECASE)
    inputs, targets = windows(args.corpus, tokenizer, excluded)
    model = Model(tokenizer.get_vocab_size())
    matrices = [p for p in model.blocks.parameters() if p.ndim == 2]
    embeddings = [model.tokens.weight, model.positions.weight]
    vectors = [p for p in model.parameters() if p.ndim == 1]
    optimizers = [
        torch.optim.Muon(matrices, lr=args.rate, momentum=0.95, weight_decay=0.1, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(
            [{"params": embeddings, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}],
            lr=args.rate, betas=(0.9, 0.95)),
    ]
    order = torch.randperm(len(inputs))
    fall = max(args.steps - args.warmup - args.hold, 1)
    start, mean = time.time(), 0.0
    for step in range(args.steps):
        share = min((step + 1) / args.warmup, 1.0) if step < args.warmup else 1 - max(step - args.warmup - args.hold, 0) / fall
        rows = order[step * args.batch : (step + 1) * args.batch]
        loss = model(inputs[rows], targets[rows])
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = args.rate * share
            optimizer.step()
            optimizer.zero_grad()
        mean += loss.item()
        if (step + 1) % 10 == 0:
            speed = (step + 1) * args.batch * CONTEXT / (time.time() - start)
            print(f"step {step + 1}: loss {loss.item():.4f}, mean of ten {mean / 10:.4f}, {speed:.0f} tok/s", flush=True)
            mean = 0.0
    inputs, targets = windows(args.validation, tokenizer)
    with torch.no_grad():
        losses = [
            model(inputs[at : at + 16], targets[at : at + 16]) * len(inputs[at : at + 16])
            for at in range(0, len(inputs), 16)
        ]
    print(f"validation loss {sum(losses).item() / len(inputs):.4f}")


if __name__ == "__main__":
    main()
