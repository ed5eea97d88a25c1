"""PyTorch on a GPU: the works that `logitscope bench` measures, as a practitioner would write them in eager mode.

usage: python peers.py OUT.json [--compiled] [--device cuda|cpu] [--tiny]

Writes a list of rows, after each row anew, so that what was measured before a time limit is kept. Models are of random
weights: GPT-2 124M, and the shape of the recipe mini-books. Reading is measured twice, by transformers
(scaled_dot_product_attention) and by a loop of our own with preallocated keys and values, and the faster counts; decoding
by the loop alone, which is two to four times as fast as transformers there. Training clips gradients
to a norm of 1, has no dropout, and updates with the fused AdamW, as ours does. With --compiled: by torch.compile, decoding
and finetuning alone. --tiny --device cpu is a dry run.
"""

import argparse
import contextlib
import json
import statistics
import time
from pathlib import Path

import torch
import torch.nn as nn
import torch.nn.functional as F

args = argparse.ArgumentParser()
args.add_argument("out", type=Path)
args.add_argument("--compiled", action="store_true")
args.add_argument("--device", default="cuda")
args.add_argument("--tiny", action="store_true")
args = args.parse_args()

DEVICE = torch.device(args.device)
CUDA = DEVICE.type == "cuda"
TYPES = {"f32": torch.float32, "bf16": torch.bfloat16}
SHAPE = dict(n_layer=2, n_embd=64, n_head=2, vocab_size=100) if args.tiny else {}
CONTEXT, NEW, PREFILL = (16, 8, 32) if args.tiny else (128, 128, 512)
FINETUNE, SCRATCH = ((2, 16), (2, 16)) if args.tiny else ((8, 512), (64, 128))
ROUNDS = 2 if args.tiny else 5
rows = []


def wait():
    if CUDA:
        torch.cuda.synchronize()


def seconds(work, rounds=ROUNDS, warm=2):
    """The median of some rounds, after others that are not counted; of fewer where each takes long."""
    taken = []
    while len(taken) < warm + rounds:
        wait()
        begun = time.perf_counter()
        work()
        wait()
        taken.append(time.perf_counter() - begun)
        if len(taken) == warm and taken[-1] > 0.3:
            rounds = min(rounds, 3)
    return statistics.median(taken[warm:])


def row(work, precision, batch, context, ways):
    """Measures `ways`, a name and a function that returns units of work and a function that does them."""
    found = {"work": work, "precision": precision, "batch": batch, "context": context, "ways": {}}
    for name, way in ways.items():
        try:
            if CUDA:
                torch.cuda.empty_cache()
                torch.cuda.reset_peak_memory_stats()
            begun = time.perf_counter()
            units, run = way()
            rate = units / seconds(run)
            memory = torch.cuda.max_memory_allocated() if CUDA else None
            took = round(time.perf_counter() - begun, 1)
            found["ways"][name] = {"per_second": rate, "memory": memory, "took": took}
        except Exception as error:  # One way that fails leaves the others.
            found["ways"][name] = {"error": f"{type(error).__name__}: {error}"[:300]}
    good = {name: way for name, way in found["ways"].items() if "per_second" in way}
    if good:
        best = max(good, key=lambda name: good[name]["per_second"])
        found.update(way=best, tokens_per_second=good[best]["per_second"], memory=good[best]["memory"])
    rows.append(found)
    args.out.write_text(json.dumps(rows, indent=1))
    print(json.dumps(found), flush=True)


def gpt2(dtype, train=False):
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(1)
    config = GPT2Config(attn_pdrop=0.0, embd_pdrop=0.0, resid_pdrop=0.0, bos_token_id=0, eos_token_id=0, **SHAPE)
    config._attn_implementation = "sdpa"
    return GPT2LMHeadModel(config).to(DEVICE, dtype).train(train)


def tokens(vocabulary, *shape):
    generator = torch.Generator().manual_seed(2)
    return torch.randint(0, vocabulary, shape, generator=generator).to(DEVICE)


class Loop:
    """GPT-2 by hand: weights turned once, room for keys and values set aside."""

    def __init__(self, model, batch, room, compiled=False):
        config = model.config
        self.heads, self.width = config.n_head, config.n_embd
        self.head = self.width // self.heads
        body, dtype = model.transformer, model.dtype
        turned = lambda layer: (layer.weight.t().contiguous(), layer.bias)
        norm = lambda layer: (layer.weight, layer.bias)
        self.embedding, self.positions = body.wte.weight, body.wpe.weight
        self.layers = [
            (norm(h.ln_1), turned(h.attn.c_attn), turned(h.attn.c_proj), norm(h.ln_2), turned(h.mlp.c_fc), turned(h.mlp.c_proj))
            for h in body.h
        ]
        self.last = norm(body.ln_f)
        empty = lambda: torch.zeros(batch, self.heads, room, self.head, dtype=dtype, device=DEVICE)
        self.keys, self.values = [empty() for _ in self.layers], [empty() for _ in self.layers]
        self.places = torch.arange(room, device=DEVICE)
        self.compiled = compiled

    def tensors(self):
        weights = [tensor for layer in self.layers for pair in layer for tensor in pair]
        return [self.embedding, self.positions, *self.last, *weights, *self.keys, *self.values]

    def attend(self, layer, q, k, v, at):
        keys, values = self.keys[layer], self.values[layer]
        if self.compiled:  # `at` is a tensor: one graph for all places, which looks at all room and masks what is empty.
            keys.index_copy_(2, at, k)
            values.index_copy_(2, at, v)
            return F.scaled_dot_product_attention(q, keys, values, attn_mask=(self.places <= at)[None, None, None])
        end = at + k.shape[2]
        keys[:, :, at:end], values[:, :, at:end] = k, v
        return F.scaled_dot_product_attention(q, keys[:, :, :end], values[:, :, :end], is_causal=k.shape[2] > 1)

    def __call__(self, ids, at):
        """Logits after the last of `ids (batch, n)`, which stand at `at`."""
        batch, n = ids.shape
        places = self.positions[at] if self.compiled else self.positions[at : at + n]
        x = self.embedding[ids] + places
        norm = lambda x, weights: F.layer_norm(x, (self.width,), *weights)
        for layer, (first, qkv, out, second, up, down) in enumerate(self.layers):
            q, k, v = F.linear(norm(x, first), *qkv).view(batch, n, 3, self.heads, self.head).permute(2, 0, 3, 1, 4)
            y = self.attend(layer, q, k, v, at)
            x = x + F.linear(y.transpose(1, 2).reshape(batch, n, self.width), *out)
            x = x + F.linear(F.gelu(F.linear(norm(x, second), *up), approximate="tanh"), *down)
        return F.linear(norm(x[:, -1], self.last), self.embedding)


def reading(model, batch, length, first=False):
    """Reads prompts, up to the token that follows if `first`."""
    ids = tokens(model.config.vocab_size, batch, length)

    def library():
        def run():
            with torch.inference_mode():
                logits = model(ids, use_cache=True, logits_to_keep=1).logits[:, -1]
                return logits.argmax(-1).tolist() if first else logits

        return (1 if first else batch * length), run

    def loop():
        own = Loop(model, batch, length)

        def run():
            with torch.inference_mode():
                logits = own(ids, 0)
                return logits.argmax(-1).tolist() if first else logits

        return (1 if first else batch * length), run

    return {"transformers": library, "loop": loop}


def decoding(model, batch):
    """Greedy tokens after a prompt; only they are timed."""
    ids = tokens(model.config.vocab_size, batch, CONTEXT)

    def loop():
        own = Loop(model, batch, CONTEXT + NEW)
        with torch.inference_mode():
            begun = own(ids, 0).argmax(-1, keepdim=True)

        def run():
            with torch.inference_mode():
                token = begun
                for step in range(NEW):
                    token = own(token, CONTEXT + step).argmax(-1, keepdim=True)

        return batch * NEW, run

    return {"loop": loop}


def compiled_decoding(model, batch):
    ids = tokens(model.config.vocab_size, batch, CONTEXT)

    def compiled():
        own = Loop(model, batch, CONTEXT + NEW)
        with torch.inference_mode():
            begun = own(ids, 0).argmax(-1, keepdim=True)
        own.compiled = True
        # They stay where they are: a captured graph need not copy them in.
        for tensor in own.tensors():
            torch._dynamo.mark_static_address(tensor)
        step = torch.compile(
            lambda token, at: own(token, at).argmax(-1, keepdim=True), mode="reduce-overhead", fullgraph=True
        )
        places = [torch.tensor([CONTEXT + step], device=DEVICE) for step in range(NEW)]

        def run():
            with torch.inference_mode():
                token = begun
                for at in places:
                    token = step(token, at).clone()

        return batch * NEW, run

    return {"compiled": compiled}


class Block(nn.Module):
    """A block of the recipe mini-books: norms after the sums, three heads of 85."""

    def __init__(self, width, heads, head, inner):
        super().__init__()
        self.heads, self.head = heads, head
        self.qkv, self.out = nn.Linear(width, 3 * heads * head), nn.Linear(heads * head, width)
        self.up, self.down = nn.Linear(width, inner), nn.Linear(inner, width)
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(self, x):
        batch, time, _ = x.shape
        q, k, v = self.qkv(x).view(batch, time, 3, self.heads, self.head).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = self.first(x + self.out(y.transpose(1, 2).reshape(batch, time, -1)))
        return self.second(x + self.down(F.relu(self.up(x))))


class Mini(nn.Module):
    def __init__(self, vocabulary=5000, positions=128, width=256, layers=2, heads=3, head=85, inner=128):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(vocabulary, width), nn.Embedding(positions, width)
        self.blocks = nn.ModuleList(Block(width, heads, head, inner) for _ in range(layers))
        self.head = nn.Linear(width, vocabulary)

    def forward(self, ids):
        x = self.tokens(ids) + self.positions.weight[: ids.shape[1]]
        for block in self.blocks:
            x = block(x)
        return self.head(x)


def training(model, size, mixed, compiled=False):
    """Steps on one batch, as long as they take some 0.3 seconds together."""

    def way():
        batch, time_ = size
        vocabulary = model.config.vocab_size if hasattr(model, "config") else 5000
        x, y = tokens(vocabulary, batch, time_), tokens(vocabulary, batch, time_).roll(1)
        forward = torch.compile(model) if compiled else model
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-6, weight_decay=0.01, fused=True)
        around = (lambda: torch.autocast(DEVICE.type, dtype=torch.bfloat16)) if mixed else contextlib.nullcontext

        def run():
            optimizer.zero_grad(set_to_none=True)
            with around():
                out = forward(x)
                logits = out if torch.is_tensor(out) else out.logits
                loss = F.cross_entropy(logits.flatten(0, 1).float(), y.flatten())
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            return loss.item()

        return batch * time_, run

    return {"compiled" if compiled else "eager": way}


def main():
    torch.manual_seed(1)
    if args.compiled:
        for precision, batch in [("bf16", 1), ("f32", 1), ("bf16", 8), ("f32", 8)]:
            if batch == 8 and precision == "bf16":
                # The longest, in the middle: what comes last may not be reached.
                model = gpt2(torch.float32, train=True)
                row("train", "bf16", *FINETUNE, training(model, FINETUNE, True, compiled=True))
            row("decode", precision, batch, CONTEXT, compiled_decoding(gpt2(TYPES[precision]).eval(), batch))
        row("train", "f32", *FINETUNE, training(gpt2(torch.float32, train=True), FINETUNE, False, compiled=True))
        return
    for precision, dtype in TYPES.items():
        model = gpt2(dtype).eval()
        for batch in (1, 8):
            row("decode", precision, batch, CONTEXT, decoding(model, batch))
        row("prefill", precision, 1, PREFILL, reading(model, 1, PREFILL))
        row("first", precision, 1, CONTEXT, reading(model, 1, CONTEXT, first=True))
        del model
    for precision in TYPES:
        model = gpt2(torch.float32, train=True)
        row("train", precision, *FINETUNE, training(model, FINETUNE, precision == "bf16"))
        del model
        model = Mini().to(DEVICE).train()
        row("train mini", precision, *SCRATCH, training(model, SCRATCH, precision == "bf16"))
        del model


main()
