"""logitscope beside PyTorch on one card, in one run. Called by gpu-speed.sh.

usage: python speed.py LOGITSCOPE OUT [--device cuda|cpu] [--tiny]
"""

import argparse
import sys
from pathlib import Path

import json

from steps import Steps, card

HERE = Path(__file__).parent
args = argparse.ArgumentParser()
args.add_argument("binary")
args.add_argument("out", type=Path)
args.add_argument("--device", default="cuda")
args.add_argument("--tiny", action="store_true")
args = args.parse_args()

# Recipe, works, precision, sizes of steps.
OURS = [
    ("gpt2", "decode,generate,batch,prefill,first", "bf16", "none"),
    ("gpt2", "decode,generate,batch,prefill,first", "f32", "none"),
    ("gpt2", "train", "f32", "8x512"),
    ("gpt2", "train", "bf16", "8x512"),
    ("mini-books", "train", "f32", "64x128"),
    ("mini-books", "train", "bf16", "64x128"),
]
NAMES = {
    "decode": "decode after {context}", "generate": "generate after {context}, with the sampler and its trace",
    "batch": "decode {batch} texts after {context}", "prefill": "read {context}", "first": "first token after {context}",
    "train": "finetune gpt2, {batch} x {context}", "train mini": "train mini-books, {batch} x {context}",
}


def key(row):
    work = "batch" if row["work"] == "decode" and row["batch"] > 1 else row["work"]
    return (work, row["precision"], row["batch"], row["context"])


def amount(work, rate):
    if rate is None:
        return "-"
    return f"{1000 / rate:.2f} ms" if work == "first" else f"{rate:,.0f}"


def gigabytes(memory):
    return "-" if memory is None else f"{memory / 1e9:.2f}"


def table(result):
    ours = {key(row): row for row in result.get("ours", [])}
    peers = {key(row): row for row in result.get("eager", []) if "tokens_per_second" in row}
    compiled = {key(row): row for row in result.get("compiled", []) if "tokens_per_second" in row}
    lines = [
        f"Card: {result.get('card')}. Tokens a second, the median of some rounds; memory at most, in GB.",
        "",
        "| work | precision | logitscope | of its limit | PyTorch eager | times | torch.compile | memory, ours | eager |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for at in dict.fromkeys([*ours, *peers]):
        work, precision, batch, context = at
        own, peer, other = ours.get(at, {}), peers.get(at, {}), compiled.get(at, {})
        rate = {name: row.get("tokens_per_second") for name, row in [("own", own), ("peer", peer), ("other", other)]}
        times = f"{rate['own'] / rate['peer']:.2f}" if rate["own"] and rate["peer"] else "-"
        share = f"{100 * rate['own'] / own['limit']:.0f} %" if own.get("limit") else "-"
        lines.append(
            f"| {NAMES[work].format(batch=batch, context=context)} | {precision} | {amount(work, rate['own'])} | {share} | "
            f"{amount(work, rate['peer'])} | {times} | {amount(work, rate['other'])} | {gigabytes(own.get('memory'))} | "
            f"{gigabytes(peer.get('memory'))} |"
        )
    return "\n".join(lines) + "\n"


def main():
    steps = Steps(args.out, "speed", 230)
    result = steps.result
    result["card"] = card()
    rounds = "2" if args.tiny else "5"

    def write():
        steps.write()
        (args.out / "speed.md").write_text(table(result))

    result["ours"] = []
    for shape, works, precision, sizes in OURS:
        command = [
            args.binary, "bench", "--device", args.device, "--shape", shape, "--works", works, "--precision", precision,
            "--training", sizes, "--rounds", rounds, "--json",
        ]
        for line in steps.run(f"ours {shape} {works} {precision}", command, 35):
            record = json.loads(line)
            if record["kind"] == "machine":
                result["machine"] = record
            if record["kind"] == "speed":
                speed = {**record, "limit": record["limit_tokens_per_second"], "memory": record.get("memory_bytes")}
                mini = " mini" if shape == "mini-books" and speed["work"] == "train" else ""
                result["ours"].append({**speed, "work": speed["work"] + mini})
        write()
    for name, limit in [("eager", 100), ("compiled", 120)]:
        file = args.out / f"peers-{name}.json"
        command = [sys.executable, HERE / "peers.py", file, "--device", args.device]
        command += ["--compiled"] * (name == "compiled") + ["--tiny"] * args.tiny
        steps.run(f"PyTorch {name}", command, limit)
        if file.exists():
            result[name] = json.loads(file.read_text())
            file.unlink()
        write()
    print((args.out / "speed.md").read_text())


main()
