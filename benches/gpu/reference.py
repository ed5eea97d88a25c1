"""A GPT-2 124M of random weights in a folder, and what transformers makes of it on a device, as reference.json.

usage: python reference.py FOLDER [--device cuda|cpu] [--tiny]

The tokenizer knows the words t0, t1 and so on: a text of them has the tokens of those numbers. All numbers but the
losses in mixed precision are in f32.
"""

import argparse
import json
from pathlib import Path

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from transformers import GPT2Config, GPT2LMHeadModel

args = argparse.ArgumentParser()
args.add_argument("folder", type=Path)
args.add_argument("--device", default="cuda")
args.add_argument("--tiny", action="store_true")
args = args.parse_args()

PERIOD, STEPS, RATE = (16 if args.tiny else 256), 20, 1e-4
shape = dict(n_layer=2, n_embd=64, n_head=2, vocab_size=500) if args.tiny else {}
config = GPT2Config(attn_pdrop=0.0, embd_pdrop=0.0, resid_pdrop=0.0, bos_token_id=0, eos_token_id=0, **shape)


def made():
    torch.manual_seed(3)
    model = GPT2LMHeadModel(config)
    # Larger than at the start of training: logits that differ.
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if ".h." in name and name.endswith("weight") and "ln_" not in name:
                parameter.mul_(2.0)
            elif name.endswith("bias"):
                parameter.normal_(0.0, 0.05)
    return model.to(args.device)


def main():
    model = made().eval()
    model.save_pretrained(args.folder)
    vocabulary = config.vocab_size
    tokenizer = Tokenizer(WordLevel({f"t{id}": id for id in range(vocabulary)}, unk_token="t0"))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    tokenizer.save(str(args.folder / "tokenizer.json"))
    generator = torch.Generator().manual_seed(4)
    draw = lambda count: torch.randint(1, vocabulary, (count,), generator=generator)
    text = lambda ids: " ".join(f"t{id}" for id in ids.tolist())
    prompt, longer, period = draw(64), draw(64 if args.tiny else 500), draw(PERIOD)
    on = lambda ids: ids[None].to(args.device)
    with torch.inference_mode():
        logits = model(on(prompt)).logits[0, -1].double()
        odds = F.log_softmax(model(on(longer)).logits[0].double(), -1)
        nats = -odds[:-1].gather(1, on(longer)[0, 1:, None])[:, 0]
        said, gaps, ids, cache = [], [], on(prompt), None
        for _ in range(100):
            out = model(ids, past_key_values=cache, use_cache=True)
            best = out.logits[0, -1].double().topk(2)
            said.append(best.indices[0].item())
            gaps.append((best.values[0] - best.values[1]).item())
            ids, cache = best.indices[:1][None], out.past_key_values
    # A text that repeats itself: whatever window of a period's length is taken, the batch is the same up to a turn.
    # The one token more is the last target.
    (args.folder / "corpus.txt").write_text(text(torch.cat([period.repeat(41), period[:1]])) + "\n")
    losses = {}
    for precision in ["f32"] if args.device == "cpu" else ["f32", "bf16"]:
        net = made().train()
        decays = [p for p in net.parameters() if p.dim() > 1]
        others = [p for p in net.parameters() if p.dim() == 1]
        groups = [{"params": decays, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}]
        optimizer = torch.optim.AdamW(groups, lr=RATE)
        x = period[None].repeat(2, 1).to(args.device)
        y = x.roll(-1, 1)
        losses[precision] = []
        for _ in range(STEPS):
            optimizer.zero_grad()
            with torch.autocast(args.device, dtype=torch.bfloat16, enabled=precision == "bf16"):
                loss = F.cross_entropy(net(x).logits.flatten(0, 1).float(), y.flatten())
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            losses[precision].append(loss.item())
        del net, optimizer
    found = {
        "prompt": text(prompt), "text": text(longer), "period": PERIOD, "logits": logits.tolist(),
        "deviation": logits.std().item(), "nats": nats.tolist(), "greedy": said, "gaps": gaps, "losses": losses,
    }
    (args.folder / "reference.json").write_text(json.dumps(found))


main()
