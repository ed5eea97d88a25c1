"""Loads a directory that `logitscope export` wrote with transformers, and compares logits.

usage: python export_check.py DIR LOGITSCOPE [TEXT]
needs: torch, transformers

LOGITSCOPE is the binary. The log-probabilities that transformers gives for each token of TEXT are held against those of
`logitscope score --json`.
"""

import json
import subprocess
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer


def main() -> None:
    directory, binary = sys.argv[1:3]
    text = sys.argv[3] if len(sys.argv) > 3 else "Once upon a time there was a little girl who lived in the wood."
    tokenizer = AutoTokenizer.from_pretrained(directory)
    model, info = AutoModelForCausalLM.from_pretrained(directory, output_loading_info=True)
    assert not info["missing_keys"] and not info["unexpected_keys"], info
    out = subprocess.run(
        [binary, "score", text, "--json", "--model", directory, "--precision", "f32"], capture_output=True, check=True)
    records = [json.loads(line) for line in out.stdout.splitlines()]
    records = [record for record in records if record["kind"] == "token"]
    ids = tokenizer(text, return_tensors="pt").input_ids
    assert ids[0].tolist() == [record["id"] for record in records], "other tokens"
    with torch.no_grad():
        logits = model.eval()(ids).logits[0]
    surprisal = -logits.log_softmax(-1)[:-1].gather(1, ids[0, 1:, None])[:, 0] / torch.log(torch.tensor(2.0))
    ours = torch.tensor([record["surprisal_bits"] for record in records[1:]])
    difference = (surprisal - ours).abs().max().item()
    print(f"{model.num_parameters()} parameters, {len(ours)} tokens, largest difference {difference:.2e} bits")
    assert difference < 1e-3


if __name__ == "__main__":
    main()
