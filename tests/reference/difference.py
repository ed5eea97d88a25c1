"""Reference values for tests/difference.rs: two models along a text, from transformers in f32 and sums in f64.

usage: python tests/reference/difference.py      (needs torch, transformers, tokenizers; writes difference.json beside it)

The base is the embedded model. The tuned one is the same with one matrix scaled, which the test does too. The figures of
llama.cpp's perplexity tool are written out here from its source (tools/perplexity/perplexity.cpp), on log-probabilities
that are not rounded to 16 bits.
"""

import json
import math
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import GPT2LMHeadModel

here = Path(__file__).parent
assets = here.parent.parent / "assets" / "model"
tokenizer = Tokenizer.from_file(str(assets / "tokenizer.json"))
MATRIX, FACTOR = "transformer.h.1.mlp.c_fc.weight", 1.25
TEXT = (
    "The old man sat down by the fire, and told the children of the days when he was a boy. \"There was no road then,\" "
    "said he, \"and the wood came down to the door.\" The youngest of them asked what they did in the long winter, and "
    "he laughed, and said that they had told each other of the summer until it came again.\n"
)
AT, WINDOW = 9, 16

base = GPT2LMHeadModel.from_pretrained(assets, dtype=torch.float32).eval()
tuned = GPT2LMHeadModel.from_pretrained(assets, dtype=torch.float32).eval()
with torch.no_grad():
    dict(tuned.named_parameters())[MATRIX].mul_(FACTOR)
ids = tokenizer.encode(TEXT).ids


@torch.no_grad()
def log_odds(model, ids):
    """Natural logarithms of the odds that predict ids[1:], in f64."""
    return model(torch.tensor([ids])).logits[0, :-1].double().log_softmax(-1)


def divergence(p, q):
    return (p.exp() * (p - q)).sum(-1)


p, q = log_odds(base, ids), log_odds(tuned, ids)
place = q[AT - 1].exp() - p[AT - 1].exp()
order = place.argsort()


def window_figures():
    nll, nll_base, kld, change, same = [], [], [], [], []
    for start in range(0, len(ids) - WINDOW + 1, WINDOW):
        part = ids[start:start + WINDOW]
        one, other = log_odds(base, part), log_odds(tuned, part)
        for row in range(WINDOW // 2, WINDOW - 1):
            token = part[row + 1]
            nll.append(-float(other[row, token]))
            nll_base.append(-float(one[row, token]))
            kld.append(float(divergence(one[row], other[row])))
            change.append(math.exp(other[row, token]) - math.exp(one[row, token]))
            same.append(float(one[row].argmax() == other[row].argmax()))

    def mean(values):
        values = torch.tensor(values, dtype=torch.float64)
        error = math.sqrt(float(values.var(correction=0)) / (len(values) - 1))
        return {"value": float(values.mean()), "error": error}

    def covariance(a, b):
        a, b = torch.tensor(a, dtype=torch.float64), torch.tensor(b, dtype=torch.float64)
        return float(((a * b).mean() - a.mean() * b.mean()) / (len(a) - 1))

    def exponential(it):
        value = math.exp(it["value"])
        return {"value": value, "error": value * it["error"]}

    a, b = mean(nll), mean(nll_base)
    squared = mean([x * x for x in change])
    rms = math.sqrt(squared["value"])
    share = sum(same) / len(same)
    klds = torch.tensor(kld, dtype=torch.float64)
    return {
        "windows": len(ids) // WINDOW,
        "tokens": len(kld),
        "base_perplexity": exponential(b),
        "tuned_perplexity": exponential(a),
        "log_perplexity_ratio": {
            "value": a["value"] - b["value"],
            "error": math.sqrt(a["error"] ** 2 + b["error"] ** 2 - 2 * covariance(nll, nll_base)),
        },
        "mean_kld": mean(kld),
        "maximum_kld": max(kld),
        "kld_99_9": float(klds.quantile(0.999)),
        "kld_99": float(klds.quantile(0.99)),
        "kld_90": float(klds.quantile(0.9)),
        "median_kld": float(klds.quantile(0.5)),
        "minimum_kld": min(kld),
        "mean_change": mean(change),
        "rms_change": {"value": rms, "error": 0.5 / rms * squared["error"]},
        "same_top": {"value": share, "error": math.sqrt(share * (1 - share) / (len(kld) - 1))},
    }


reference = {
    "text": TEXT,
    "ids": ids,
    "matrix": MATRIX,
    "factor": FACTOR,
    "kl_bits": (divergence(p, q) / math.log(2)).tolist(),
    "kl_reverse_bits": (divergence(q, p) / math.log(2)).tolist(),
    "same_best": int((p.argmax(-1) == q.argmax(-1)).sum()),
    "at": AT,
    "rose": [int(i) for i in order.flip(0)[:5]],
    "fell": [int(i) for i in order[:5]],
    "rise": [float(place[i]) for i in order.flip(0)[:5]],
    "fall": [float(place[i]) for i in order[:5]],
    "window": WINDOW,
    "llama_cpp": window_figures(),
}
(here / "difference.json").write_text(json.dumps(reference, indent=1) + "\n")
