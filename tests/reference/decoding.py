"""Reference values for tests/decoding.rs, from transformers on the embedded model in f32.

usage: python tests/reference/decoding.py        (needs torch, transformers, tokenizers; writes decoding.json beside it)

Greedy and beam search are transformers' own. Contrastive search left transformers' main library, so it is written out
here from the paper (https://arxiv.org/abs/2202.06417), without a cache, on transformers' hidden states.
"""

import json
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import GPT2LMHeadModel

here = Path(__file__).parent
assets = here.parent.parent / "assets" / "model"
model = GPT2LMHeadModel.from_pretrained(assets, dtype=torch.float32).eval()
tokenizer = Tokenizer.from_file(str(assets / "tokenizer.json"))
PROMPT = "Once upon a time there was a little"
prompt = torch.tensor([tokenizer.encode(PROMPT).ids])


def ids_after_prompt(sequence):
    return [int(i) for i in sequence[prompt.shape[1]:]]


def greedy(tokens):
    out = model.generate(prompt, max_new_tokens=tokens, do_sample=False, pad_token_id=0)
    return {"max_tokens": tokens, "ids": ids_after_prompt(out[0])}


def beams(count, penalty, tokens):
    out = model.generate(
        prompt, max_new_tokens=tokens, do_sample=False, num_beams=count, num_return_sequences=count,
        length_penalty=penalty, early_stopping=False, pad_token_id=0,
        return_dict_in_generate=True, output_scores=True,
    )
    found = [
        {"ids": ids_after_prompt(sequence), "score": float(score)}
        for sequence, score in zip(out.sequences, out.sequences_scores)
    ]
    return {"num_beams": count, "length_penalty": penalty, "max_tokens": tokens, "beams": found}


@torch.no_grad()
def contrastive(k, alpha, tokens):
    ids = prompt
    penalties = []
    for _ in range(tokens):
        out = model(ids, output_hidden_states=True)
        context = torch.nn.functional.normalize(out.hidden_states[-1][0], dim=-1)
        probability, candidates = out.logits[0, -1].softmax(-1).topk(k)
        extended = torch.cat([ids.repeat(k, 1), candidates[:, None]], dim=1)
        hidden = model(extended, output_hidden_states=True).hidden_states[-1][:, -1]
        penalty = (torch.nn.functional.normalize(hidden, dim=-1) @ context.T).max(dim=1).values
        best = int(((1 - alpha) * probability - alpha * penalty).argmax())
        penalties.append(float(penalty[best]))
        ids = extended[best][None]
    return {"k": k, "alpha": alpha, "ids": ids_after_prompt(ids[0]), "penalties": penalties}


@torch.no_grad()
def score(text):
    ids = torch.tensor([tokenizer.encode(text).ids])
    logits = model(ids).logits[0, :-1].log_softmax(-1)
    target = ids[0, 1:]
    chosen = logits.gather(1, target[:, None])[:, 0]
    ranks = (logits > chosen[:, None]).sum(1) + 1
    return {
        "text": text,
        "ids": ids[0].tolist(),
        "log_probabilities": chosen.tolist(),
        "ranks": ranks.tolist(),
        "loss": float(-chosen.mean()),
    }


TEXT = (
    "The old man sat down by the fire, and told the children of the days when he was a boy. \"There was no road then,\" "
    "said he, \"and the wood came down to the door.\""
)
reference = {
    "prompt": PROMPT,
    "greedy": greedy(60),
    "beams": [beams(4, 1.0, 24), beams(3, 0.0, 16), beams(5, 2.0, 30)],
    "contrastive": [contrastive(5, 0.6, 24), contrastive(4, 0.3, 24)],
    "score": score(TEXT),
}
(here / "decoding.json").write_text(json.dumps(reference, indent=1) + "\n")
