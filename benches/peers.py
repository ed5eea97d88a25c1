"""Measures logitscope and its peers in turn, several times, and prints the medians side by side.

usage: python peers.py LOGITSCOPE SCRIPTS [--rounds 3]
needs: nothing itself; each peer that is installed is measured

LOGITSCOPE is the release binary. SCRIPTS is a directory with `bench_torch.py` and `bench_keras.py`, which run one
scenario a process (loop, prefill, finetune, mini; gptfs, minigpt, gpt2train) and print a line of JSON with its `median`
in tokens a second and its memory in MiB. The peers are looked for under $PEERS (~/peers): `venv/bin/python` with PyTorch
and transformers, `venv-keras/bin/python` with Keras on TensorFlow, `llama/bin/llama-bench` with `gpt2-F.gguf` beside it.
`gpt2-random`, a GPT-2 124M of random weights in Hugging Face layout, is what the memory of a finetuning is measured with.
Models are of random weights: GPT-2 124M, and the shapes of two of Keras' tutorials, mini-books and mini-imdb.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import tempfile
from pathlib import Path

PEERS = Path(os.environ.get("PEERS", Path.home() / "peers"))
TRAINED = [("gpt2", "1x128,4x128"), ("mini-books", "64x128"), ("mini-imdb", "128x80")]
TORCH = [
    ("decode f32, context 128", "PyTorch f32", ["loop", "--mkldnn"]),
    ("decode f32, context 128", "PyTorch bf16", ["loop", "--mkldnn", "--dtype", "bf16"]),
    ("prefill 512, f32", "PyTorch f32", ["prefill", "--seq", 512, "--lastlogit"]),
    ("prefill 512, f32", "PyTorch bf16", ["prefill", "--seq", 512, "--lastlogit", "--dtype", "bf16"]),
    ("train gpt2 1 x 128", "PyTorch f32", ["finetune", "--batch", 1]),
    ("train gpt2 4 x 128", "PyTorch f32", ["finetune", "--batch", 4]),
    ("train gpt2 4 x 128", "PyTorch bf16", ["finetune", "--batch", 4, "--autocast"]),
    ("train mini-books 64 x 128", "PyTorch f32", ["mini", "--batch", 64]),
]
KERAS = [
    ("train mini-books 64 x 128", ["gptfs"]),
    ("train mini-imdb 128 x 80", ["minigpt"]),
    ("train gpt2 1 x 128", ["gpt2train", "--batch", 1]),
]
LLAMA = [("f32", "f32"), ("Q8_0", "q8_0"), ("Q4_0", "q4_0"), ("Q4_K_M", "q4_0")]
MEMORY = "memory of a finetuning of gpt2 on 1 x 128, MiB at most"


def lines(command, **environment):
    command = [str(part) for part in command]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment})
    if done.returncode:
        raise SystemExit(f"{command[0]} failed: {done.stderr.strip().splitlines()[-1:]}")
    return done.stdout


def last(command, **environment):
    return json.loads(lines(command, **environment).strip().splitlines()[-1])


def ours(binary, shape, training):
    records = lines([binary, "bench", "--shape", shape, "--rounds", "1", "--training", training, "--json"]).splitlines()
    found = {}
    for speed in map(json.loads, records):
        if speed["kind"] != "speed":
            continue
        precision, batch, context = speed["precision"], speed["batch"], speed["context"]
        if speed["work"] == "train":
            name = f"train {shape} {batch} x {context}" + ("" if precision == "f32" else f", {precision}")
        elif shape == "gpt2":
            name = {
                "decode": f"decode {precision}, context {context}",
                "generate": f"decode {precision}, context {context}, with sampler and trace",
                "batch": f"decode {batch} texts at once, {precision}",
                "prefill": f"prefill {context}, {precision}",
            }[speed["work"]]
        else:
            continue
        found[name] = speed["tokens_per_second"], speed["tokens_per_second"] / speed["limit_tokens_per_second"]
    return found


def our_memory(binary):
    """MiB that a finetuning takes at most, its checkpoint and sample at the end included."""
    words = random.Random(1)
    text = " ".join("".join(words.choices("etaoinshrdlu", k=words.randint(2, 8))) for _ in range(20_000))
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "text.txt").write_text(text, encoding="utf-8")
        size = ["--batch", "1", "--context", "128", "--steps", "8", "--evaluate-batches", "1"]
        command = [binary, "finetune", "--model", PEERS / "gpt2-random", "text.txt", "--runs", "runs", *size]
        run = subprocess.Popen([str(part) for part in command], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, used = os.wait4(run.pid, 0)
        if status:
            raise SystemExit(f"{command[1]} failed")
    return used.ru_maxrss / 1024


def llama(form):
    command = [PEERS / "llama/bin/llama-bench", "-m", PEERS / f"gpt2-{form}.gguf", "-p", 512, "-n", 128, "-ngl", 0]
    report = json.loads(lines([*command, "-t", os.cpu_count(), "-r", 3, "-o", "json"]))
    return {"prefill" if row["n_prompt"] else "decode": row["avg_ts"] for row in report}


def peers(scripts):
    python = PEERS / "venv/bin/python"
    for work, peer, scenario in TORCH if python.exists() else []:
        report = last([python, scripts / "bench_torch.py", *scenario, "--threads", os.cpu_count(), "--reps", 3])
        yield work, peer, report["median"]
        if work == "train gpt2 1 x 128":
            yield MEMORY, peer, report["rss_mib"]
    python = PEERS / "venv-keras/bin/python"
    for work, scenario in KERAS if python.exists() else []:
        report = last([python, scripts / "bench_keras.py", *scenario, "--reps", 3], KERAS_BACKEND="tensorflow")
        yield work, "Keras/TensorFlow", report["median"]
        if work == "train gpt2 1 x 128":
            yield MEMORY, "Keras/TensorFlow", report["rss_mib"]
    for form, precision in LLAMA:
        if (PEERS / f"gpt2-{form}.gguf").exists():
            rates = llama(form)
            yield f"decode {precision}, context 128", f"llama.cpp {form}", rates["decode"]
            yield f"prefill 512, {precision}", f"llama.cpp {form}", rates["prefill"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("logitscope", type=Path)
    parser.add_argument("scripts", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    binary = args.logitscope.absolute()
    own, others = {}, {}
    for _ in range(args.rounds):
        for shape, training in TRAINED:
            for work, measured in ours(binary, shape, training).items():
                own.setdefault(work, []).append(measured)
        if (PEERS / "gpt2-random").exists():
            own.setdefault(MEMORY, []).append((our_memory(binary), None))
        for work, peer, value in peers(args.scripts):
            others.setdefault((work, peer), []).append(value)
    print(f"| work | landed, median of {args.rounds} | share of the limit | peers, and landed by theirs |\n|---|---|---|---|")
    for work, measured in own.items():
        values, shares = [value for value, _ in measured], [share for _, share in measured]
        landed = statistics.median(values)
        share = f"{100 * statistics.median(shares):.0f} %" if all(shares) else ""
        beside = []
        for (other, peer), rates in others.items():
            if other == work:
                theirs = statistics.median(rates)
                beside.append(f"{peer} {theirs:.0f}: {landed / theirs:.2f}")
        print(f"| {work} | {landed:.0f} ({min(values):.0f}-{max(values):.0f}) | {share} | {'; '.join(beside)} |")


if __name__ == "__main__":
    main()
