"""The card against the CPU, by the tests of tests/gpu, and against transformers on the same card, by the program's own
commands. Called by gpu-parity.sh.

usage: python parity.py LOGITSCOPE TESTS OUT [--device cuda|cpu] [--tiny]     TESTS may be - for none
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from steps import Steps, card

HERE = Path(__file__).parent
args = argparse.ArgumentParser()
args.add_argument("binary")
args.add_argument("tests")
args.add_argument("out", type=Path)
args.add_argument("--device", default="cuda")
args.add_argument("--tiny", action="store_true")
args = args.parse_args()

# Modules of tests, each a process of its own, and its seconds at most.
TESTS = [("kernels::", 40), ("logits::", 80), ("engine::", 40), ("training::", 60), ("failures::", 40)]
# Of a precision: logits in standard deviations, nats of a token, a loss as a share.
LIMITS = {"f32": (1e-3, 1e-3, 1e-3), "bf16": (0.2, 0.15, 2e-2)}
STEPS = 20


def compared(rows, what, precision, difference, limit):
    ok = difference is not None and difference <= limit
    rows.append({"subject": "transformers", "what": what, "precision": precision, "difference": difference, "limit": limit, "ok": ok})
    print(json.dumps(rows[-1]), flush=True)


def events(lines):
    for line in lines:
        try:
            yield json.loads(line)
        except ValueError:
            continue


def ours(steps, folder, reference, precision):
    """What the program says of the reference's texts, beside it."""
    rows, limits = steps.result["comparisons"], LIMITS[precision]
    common = ["--model", folder, "--device", args.device, "--precision", precision]
    prompt, longer = reference["prompt"], reference["text"]

    lines = steps.run(f"odds {precision}", [args.binary, "odds", prompt, *common, "--all", "--json"], 40)
    odds = next((record for record in events(lines) if record["kind"] == "odds"), None)
    if odds:
        logits = {row["id"]: row["logit"] for row in odds["rows"]}
        far = max(abs(logits[id] - logit) for id, logit in enumerate(reference["logits"]))
        compared(rows, "logits after a prompt", precision, far / reference["deviation"], limits[0])
    else:
        compared(rows, "logits after a prompt", precision, None, limits[0])

    lines = steps.run(f"score {precision}", [args.binary, "score", longer, *common, "--json"], 40)
    bits = [event["surprisal_bits"] for event in events(lines) if event.get("surprisal_bits") is not None]
    far = None
    if len(bits) == len(reference["nats"]):
        far = max(abs(bit * 0.6931471805599453 - nat) for bit, nat in zip(bits, reference["nats"]))
    compared(rows, "nats of each token of a text, the furthest", precision, far, limits[1])

    command = [args.binary, "generate", prompt, *common, "--preset", "neutral", "--method", "greedy", "--max-tokens", "100", "--ignore-end"]
    lines = steps.run(f"generate {precision}", [*command, "--allow-loops", "--json"], 40)
    said = [event["id"] for event in events(lines) if event.get("origin") == "generated"]
    other = next((at for at, (a, b) in enumerate(zip(said, reference["greedy"])) if a != b), None)
    far = None
    if len(said) == len(reference["greedy"]):
        # Two tokens that are as good as equal may change places, and then the texts go their own ways.
        gaps = reference["gaps"]
        far = 0.0 if other is None else gaps[other] / reference["deviation"]
    compared(rows, f"100 greedy tokens{'' if other is None else f' (another at {other})'}", precision, far, 2 * limits[0])


def losses(steps, folder, corpus, reference, precision):
    rows, limit = steps.result["comparisons"], LIMITS[precision][2]
    runs = Path(folder) / f"runs-{precision}"
    options = {
        "--model": folder, "--device": args.device, "--runs": runs, "--run-name": "parity",
        "--steps": STEPS, "--batch": 2, "--context": reference["period"], "--learning-rate": "1e-4", "--schedule": "constant",
        "--warmup": 0, "--weight-decay": "0.01", "--clip": 1, "--validation": 0, "--packing": "windows", "--end": "",
        "--sample-every": 1000,
    }
    flags = [str(part) for pair in options.items() for part in pair]
    flags += ["--mixed-precision"] * (precision == "bf16")
    lines = steps.run(f"finetune {precision}", [args.binary, "finetune", corpus, *flags, "--json"], 60)
    found = [event["loss"] for event in events(lines) if event.get("kind") == "step"]
    far = None
    if len(found) == STEPS:
        far = max(abs(a - b) / b for a, b in zip(found, reference["losses"][precision]))
    compared(rows, f"losses of {STEPS} steps", precision, far, limit)


def table(result):
    rows = result["comparisons"]
    bad = [row for row in rows if not row["ok"]]
    lines = [f"Card: {result.get('card')}. {len(rows)} comparisons, {len(bad)} over their limit.", ""]
    lines += ["| of | what | precision | difference | limit | |", "|---|---|---|---:|---:|---|"]
    for row in bad + [row for row in rows if row["ok"]]:
        difference = "none" if row["difference"] is None else f"{row['difference']:.2e}"
        word = "" if row["ok"] else "**over**"
        lines.append(f"| {row['subject']} | {row['what']} | {row['precision']} | {difference} | {row['limit']:.1e} | {word} |")
    for step in result["steps"]:
        if step["code"] != 0:
            lines += ["", f"The step `{step['step']}` ended with {step['code']}:", "", "```", step.get("problem", "")[-1000:], "```"]
    return "\n".join(lines) + "\n"


def main():
    steps = Steps(args.out, "parity", 230)
    steps.result.update(card=card(), comparisons=[])

    def write():
        steps.write()
        (args.out / "parity.md").write_text(table(steps.result))

    def line(text):
        at = text.find('{"')
        if at >= 0 and '"limit"' in text:
            steps.result["comparisons"].append(json.loads(text[at:]))

    failed = []
    for module, limit in TESTS if args.tests != "-" else []:
        lines = steps.run(f"tests {module}", [args.tests, module, "--test-threads", "1", "--nocapture"], limit, line)
        failed += [text for text in lines if "FAILED" in text or "panicked" in text]
        steps.result["failed"] = failed
        write()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, HERE / "reference.py", folder, "--device", args.device] + ["--tiny"] * args.tiny
        steps.run("transformers", command, 60)
        reference = Path(folder) / "reference.json"
        if reference.exists():
            reference = json.loads(reference.read_text())
            for precision in LIMITS if args.device != "cpu" else ["f32"]:
                ours(steps, folder, reference, precision)
                write()
                losses(steps, folder, Path(folder) / "corpus.txt", reference, precision)
                write()
    write()
    print((args.out / "parity.md").read_text())


main()
