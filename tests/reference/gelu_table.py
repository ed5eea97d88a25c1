"""Shows why models with GELU differ from llama.cpp in the third digit: it takes the function, always the one by tanh, from a
table of 65,536 numbers of 16 bits, by its argument rounded to 16 bits. transformers' models with such a table in place of
the function agree with llama.cpp.

usage: python gelu_table.py [CASE ...]
needs: gguf, numpy, torch, transformers (5.24.0), xllamacpp (2026.10.11549)
"""

import json
import sys
import tempfile
from pathlib import Path

sys.path = [path for path in sys.path if Path(path).resolve() != Path(__file__).parent.resolve()] + sys.path[:1]
import torch
from safetensors.numpy import save_file
from transformers import AutoConfig, AutoModelForCausalLM

from families import drawn
from families_gguf import LETTERS, TEXTS, of_llama_cpp, write

CASES = ["bloom", "falcon", "falcon-new", "falcon-one-norm", "gemma", "gemma2", "gemma3-older", "gpt_neox", "gpt_neox-older", "phi",
         "starcoder2"]


class Table(torch.nn.Module):
    def forward(self, x):
        half = x.half().float()
        value = torch.nn.functional.gelu(half, approximate="tanh").half().float()
        return torch.where(x <= -10, torch.zeros_like(x), torch.where(x >= 10, x, value))


def of_transformers(case: str, table: bool) -> list[list[float]]:
    told = json.loads((Path(__file__).parent / "families" / f"{case}.json").read_text())
    fields = dict(told["config"])
    with tempfile.TemporaryDirectory() as folder:
        save_file({name: drawn(name, *how) for name, how in told["tensors"].items()}, Path(folder) / "model.safetensors",
                  metadata={"format": "pt"})
        if "query_pre_attn_scalar" in fields:  # which GGUF files do not say
            fields["query_pre_attn_scalar"] = fields["head_dim"]
        if "rope_local_base_freq" in fields:  # nor these: a window in five layers of six, whose positions turn by this base
            fields |= {"_sliding_window_pattern": 6, "sliding_window_pattern": 6, "rope_local_base_freq": 10000.0}
        AutoConfig.for_model(fields.pop("model_type"), **fields).save_pretrained(folder)
        model = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager").eval()
    if table:
        for module in model.modules():
            for name in ("act", "act_fn", "activation_fn", "gelu_impl"):
                if hasattr(module, name):
                    setattr(module, name, Table())
    rows = []
    for text in TEXTS:
        with torch.no_grad():
            logits = model(torch.tensor([[LETTERS.index(letter) for letter in text]])).logits[0, -1].double()
        rows.append(torch.log_softmax(logits, -1).tolist())
    return rows


def main() -> None:
    for case in sys.argv[1:] or CASES:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{case}.gguf"
            write(path, case)
            theirs = of_llama_cpp(path)
        for table in (False, True):
            apart = [max(abs(a - b) for a, b in zip(*rows)) for rows in zip(of_transformers(case, table), theirs)]
            print(f"{case:16} {'with the table' if table else 'as it is':14}",
                  *(f"{len(text)} tokens: {most:.1e}" for text, most in zip(TEXTS, apart)), flush=True)


if __name__ == "__main__":
    main()
