"""Reference values for tests/guidance.rs: classifier-free guidance by transformers' own processor, on the embedded model.

usage: python tests/reference/guidance.py        (needs torch, transformers, tokenizers; writes guidance.json beside it)

The processor is told to use no cache: with one, transformers 5 hands it to the model under a name that GPT-2 does not know,
so that the unconditional context would be one token long.
"""

import json
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import GPT2LMHeadModel, LogitsProcessorList
from transformers.generation import UnbatchedClassifierFreeGuidanceLogitsProcessor as Guidance

here = Path(__file__).parent
assets = here.parent.parent / "assets" / "model"
model = GPT2LMHeadModel.from_pretrained(assets, dtype=torch.float32).eval()
tokenizer = Tokenizer.from_file(str(assets / "tokenizer.json"))
PROMPT = "The king was very glad, and said to the queen"


def ids(text):
    return torch.tensor([tokenizer.encode(text).ids])


@torch.no_grad()
def guided(scale, negative, tokens):
    def processor():
        unconditional = ids(negative) if negative else None
        return Guidance(scale, model, unconditional_ids=unconditional, use_cache=False)

    prompt = ids(PROMPT)
    out = model.generate(
        prompt, max_new_tokens=tokens, do_sample=False, pad_token_id=0,
        logits_processor=LogitsProcessorList([processor()]),
    )
    odds = processor()(prompt, model(prompt).logits[:, -1]).softmax(-1)[0]
    top = odds.topk(10)
    return {
        "scale": scale,
        "negative": negative,
        "ids": out[0, prompt.shape[1]:].tolist(),
        "top": top.indices.tolist(),
        "odds": top.values.tolist(),
    }


reference = {
    "prompt": PROMPT,
    "cases": [
        guided(1.5, "The king was very angry, and said to the queen", 24),
        guided(3.0, "The king was very angry, and said to the queen", 24),
        guided(0.5, "It was a dark night in the forest.", 24),
        guided(2.0, "", 24),
    ],
}
(here / "guidance.json").write_text(json.dumps(reference, indent=1) + "\n")
