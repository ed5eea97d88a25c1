"""Measures logitscope and its peers in turn, several times, and prints the medians side by side.

usage: python peers.py LOGITSCOPE SCRIPTS [--rounds 3]
needs: nothing itself; each peer that is installed is measured

LOGITSCOPE is the release binary. SCRIPTS is a directory with `bench_torch.py`, which runs one scenario a process
(generate, loop, prefill, finetune, mini) and prints a line of JSON with its `median` in tokens a second. The peers are
looked for under $PEERS (~/peers): `venv/bin/python` with PyTorch and transformers, `llama/bin/llama-bench` with
`gpt2-F.gguf` beside it. All models are GPT-2 124M of random weights, or the mini-books shape.
"""

import argparse
import json
import os
import statistics
import subprocess
from pathlib import Path

PEERS = Path(os.environ.get("PEERS", Path.home() / "peers"))


def lines(command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{command[0]} failed: {done.stderr.strip().splitlines()[-1:]}")
    return done.stdout


def ours(binary, shape, training):
    report = json.loads(lines([binary, "bench", "--shape", shape, "--rounds", "1", "--training", training, "--json"]))
    found = {}
    for speed in report["speeds"]:
        work, precision = speed["work"], speed["precision"]
        name = {
            "decode": f"decode {precision}, context {speed['context']}",
            "generate": f"generate with trace, {precision}",
            "batch": f"decode {speed['batch']} texts, {precision}",
            "prefill": f"prefill {speed['context']}, {precision}",
            "train": f"train {shape} {speed['batch']} x {speed['context']}",
        }[work]
        found[name] = speed["tokens_per_second"]
        if work in ("decode", "prefill"):
            found[f"{name}: share of the limit"] = speed["tokens_per_second"] / speed["limit"]
    return found


def torch(scripts, *arguments):
    report = lines([PEERS / "venv/bin/python", scripts / "bench_torch.py", *arguments, "--threads", os.cpu_count(), "--reps", 3])
    return json.loads(report.strip().splitlines()[-1])["median"]


def llama(form):
    command = [PEERS / "llama/bin/llama-bench", "-m", PEERS / f"gpt2-{form}.gguf", "-p", 512, "-n", 128, "-ngl", 0]
    report = json.loads(lines([*command, "-t", os.cpu_count(), "-r", 3, "-o", "json"]))
    return {"prefill" if row["n_prompt"] else "decode": row["avg_ts"] for row in report}


def peers(scripts):
    found = {}
    if (PEERS / "venv/bin/python").exists():
        found["decode f32, context 128", "PyTorch"] = torch(scripts, "loop", "--mkldnn")
        found["prefill 512, f32", "PyTorch"] = torch(scripts, "prefill", "--seq", 512, "--lastlogit")
        found["train gpt2 1 x 128", "PyTorch"] = torch(scripts, "finetune", "--batch", 1)
        found["train mini-books 64 x 128", "PyTorch"] = torch(scripts, "mini", "--batch", 64)
    for form, precision in (("f32", "f32"), ("Q8_0", "q8_0")):
        if (PEERS / f"gpt2-{form}.gguf").exists():
            rates = llama(form)
            found[f"decode {precision}, context 128", "llama.cpp"] = rates["decode"]
            found[f"prefill 512, {precision}", "llama.cpp"] = rates["prefill"]
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("logitscope")
    parser.add_argument("scripts", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    own, others = {}, {}
    for _ in range(args.rounds):
        for shape, training in (("gpt2", "1x128"), ("mini-books", "64x128")):
            for work, rate in ours(args.logitscope, shape, training).items():
                if shape == "gpt2" or work.startswith("train"):
                    own.setdefault(work, []).append(rate)
        for work, rate in peers(args.scripts).items():
            others.setdefault(work, []).append(rate)
    print(f"| work | landed, of {args.rounds} | peers |\n|---|---|---|")
    for work, rates in own.items():
        if work.endswith("limit"):
            continue
        rate = statistics.median(rates)
        share = own.get(f"{work}: share of the limit")
        landed = f"{rate:.0f} tok/s" + (f", {100 * statistics.median(share):.0f} % of the limit" if share else "")
        beside = [
            f"{peer} {statistics.median(rates):.0f}: {rate / statistics.median(rates):.2f} times"
            for (other, peer), rates in others.items() if other == work
        ]
        print(f"| {work} | {landed} ({min(rates):.0f}-{max(rates):.0f}) | {'; '.join(beside)} |")


if __name__ == "__main__":
    main()
