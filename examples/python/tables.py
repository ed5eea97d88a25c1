"""Reads what every subcommand of logitscope prints with --json into tables, and draws from them.

usage: python tables.py [LOGITSCOPE] [DIRECTORY]      (the binary, and where pictures go; `logitscope` and `.` unless given)
needs: pandas, and matplotlib for the pictures

Each part stands for itself, as a cell of a notebook would. docs/json.md says what every field means.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd

BINARY = sys.argv[1] if len(sys.argv) > 1 else "logitscope"
if Path(BINARY).exists():  # some parts run elsewhere
    BINARY = str(Path(BINARY).resolve())
PICTURES = Path(sys.argv[2] if len(sys.argv) > 2 else ".")


def records(*args, input=None, cwd=None):
    """Every record that a subcommand prints, as dictionaries, the header first."""
    command = [BINARY, "--quiet", *args, "--json"]
    done = subprocess.run(command, input=input or "", capture_output=True, text=True, cwd=cwd)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: {done.stderr.strip()}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def table(all, kind):
    """The records of one kind as a table, a column a field."""
    return pd.DataFrame([record for record in all if record["kind"] == kind]).drop(columns="kind")


# %% What follows a prompt: one record a prompt, with rows in it.
said = records("odds", "Once upon a", "--top", "10", "--candidate", " time", "--candidate", " day")
header = said[0]
print(header["program"], header["version"], "format", header["format"], header["model"]["files"][0]["sha256"][:12])
odds = pd.DataFrame(said[1]["rows"])
assert odds["rank"].is_monotonic_increasing and odds["id"].dtype == "int64"
print(odds[["rank", "text", "raw_probability", "final_probability", "cut_by"]])
print(pd.DataFrame(said[1]["candidates"])[["text", "raw_probability", "ratio"]])
print(pd.DataFrame(said[1]["trace"]))

# %% The odds over a knob: a record for each of its values.
said = records("odds", "Once upon a", "--preset", "neutral", "--over", "temperature=0.25..2/8")[1:]
shares = {record["over"]["value"]: {row["text"]: row["final_probability"] for row in record["rows"]} for record in said}
over = pd.DataFrame(shares).T.dropna(axis="columns")
assert len(over) == 8 and over[" time"].is_monotonic_decreasing
print(over)
said = records("odds", "Once upon a", "--over", "preset")[1:]
presets = pd.DataFrame([{"preset": record["over"]["value"], **record} for record in said])
print(presets[["preset", "kept", "final_entropy_bits"]])

# %% Many texts, scored each and together.
with tempfile.TemporaryDirectory() as folder:
    texts = Path(folder) / "texts.jsonl"
    lines = ["The king said to the queen.", "The cat sat on the mat.", "Colourless green ideas sleep furiously."]
    texts.write_text("".join(json.dumps({"text": line}) + "\n" for line in lines))
    said = records("score", "--file", str(texts))
tokens, scores, totals = table(said, "token"), table(said, "score"), table(said, "score_totals")
assert len(scores) == 3 and totals["documents"][0] == 3
assert tokens["id"].dtype == "int64"
assert abs(tokens["surprisal_bits"].sum() - (scores["bits_per_token"] * scores["predicted"]).sum()) < 1e-2
print(scores[["document", "tokens", "perplexity", "perplexity_error", "bits_per_byte"]])

# %% Samples: a record each, and one for every token.
said = records("generate", "The king", "--samples", "6", "--batch", "3", "--max-tokens", "40")
samples = table(said, "sample").sort_values("sample")
drawn = table(said, "token").query("origin == 'generated'")
assert list(samples["sample"]) == list(range(6))
assert (drawn.groupby("sample").size().to_numpy() == samples["tokens"].to_numpy()).all()
print(samples[["sample", "seed", "reason", "tokens", "mean_surprisal_bits", "text"]])

# %% Beams, the tree of continuations, tokens.
said = records("generate", "The king", "--method", "beam", "--preset", "neutral", "--all-beams", "--max-tokens", "5")
print(table(said, "beam")[["rank", "score", "text"]])
nodes = table(records("tree", "Once upon a", "--depth", "2", "--tokens", "20"), "node")
below = nodes.merge(nodes, left_on="parent", right_on="index", suffixes=("", "_parent"))
assert (below["joint_probability"] <= below["joint_probability_parent"] + 1e-9).all()
print(nodes[["depth", "text", "joint_probability"]].head())
print(table(records("tokens", "Zoë said no."), "token")[["position", "id", "text"]])

# %% Ways of drawing, compared: tokens of all lanes as they come, a record a run of each lane, and each lane's totals.
said = records("compare", "The king", "--sweep", "temperature=0.3..1.5/3", "--seeds", "3", "--max-tokens", "12")
runs = table(said, "lane_run")
drawn = table(said, "lane_token").query("origin == 'generated'")
drawn = drawn.groupby(["lane", "run"]).size()
assert (drawn == runs.set_index(["lane", "run"])["tokens"].sort_index()).all()
lanes = pd.json_normalize([record for record in said if record["kind"] == "lane_totals"])
assert len(lanes) == 3 and (lanes["means.tokens.mean"] <= 40).all()
print(runs[["lane", "run", "reference_bits", "distinct_2", "text"]])
print(lanes[["lane", "settings", "means.reference_bits.mean", "means.reference_bits.half", "means.distinct_2.mean"]])

# %% Models, the machine, and a run.
print(table(records("models"), "model")[["source", "parameters", "context_length"]])
speeds = table(records("bench", "--rounds", "1", "--works", "decode", "--training", "none"), "speed")
print(speeds[["work", "precision", "tokens_per_second", "limit_tokens_per_second"]])
with tempfile.TemporaryDirectory() as folder:
    (Path(folder) / "corpus.txt").write_text("The cat sat on the mat.\nThe dog ran home.\n" * 30)
    small = "--split lines --vocabulary 270 --context 8 --layers 1 --width 16 --batch 4 --steps 20 --validation 0.2"
    small += " --evaluate-every 5 --probe The --run-name small"
    said = records("train", "corpus.txt", *small.split(), cwd=folder)
    steps, validations = table(said, "step"), table(said, "validation")
    probes = pd.json_normalize([record for record in said if record["kind"] == "probe"], "rows", ["step"])
    shown = records("runs", "show", "small", cwd=folder)
    assert list(table(shown, "step")["loss"]) == list(steps["loss"])
    resumed = records("runs", "resume", "small", "--steps", "25", cwd=folder)
    assert list(table(resumed, "step")["step"]) == list(range(21, 26))
    tuned = records("finetune", "corpus.txt", "--model", "small", *"--steps 5 --run-name tuned".split(), cwd=folder)
    assert len(table(tuned, "step")) == 5
    print(table(records("runs", "list", cwd=folder), "run")[["name", "running", "finished"]])
    print(table(records("runs", "compare", "small", "tuned", cwd=folder), "validation")[["run", "step", "loss"]])
    # What finetuning changed along a text.
    said = records("diff", "small", "tuned", "The cat sat on the mat.", cwd=folder)
    changed = pd.json_normalize([record for record in said if record["kind"] == "difference" and record["base"]])
    [totals] = table(said, "difference_totals").to_dict("records")
    assert (changed["kl_bits"] >= 0).all() and totals["mean_kl_bits"] >= 0
    print(changed[["position", "text", "base.raw_probability", "tuned.raw_probability", "kl_bits"]])
assert list(steps["step"]) == list(range(1, 21))
print(validations[["step", "loss", "perplexity", "is_best"]])

# %% Pictures of them.
try:
    import matplotlib
except ImportError:
    print("without matplotlib there are no pictures")
    sys.exit()
matplotlib.use("Agg")
from matplotlib import pyplot as plt

figure, axes = plt.subplots(2, 3, figsize=(15, 8), layout="constrained")
((bars, knob, run), (along, plane, probe)) = axes
odds.plot.barh(x="text", y=["raw_probability", "final_probability"], ax=bars, title="after “Once upon a”").invert_yaxis()
over.plot(ax=knob, marker="o", title="final probability over temperature")
ends = steps.plot(x="step", y="loss", ax=run, title="a small run")
validations.plot(x="step", y="loss", ax=ends, marker="o", label="validation")
first = tokens[tokens["document"] == 0]
first.plot.bar(x="text", y="surprisal_bits", ax=along, title="surprisal along a text, bits")
bits = lanes["means.reference_bits.mean"]
plane.errorbar(lanes["means.distinct_2.mean"], bits, lanes["means.reference_bits.half"], fmt="o")
plane.set(title="quality against diversity", xlabel="distinct-2", ylabel="bits a token")
likely = probes.groupby("display")["raw_probability"].max().nlargest(5).index
by_step = probes.pivot_table(index="step", columns="display", values="raw_probability")
by_step[likely].plot(ax=probe, marker="o", title="after “The”, while it learned")
figure.savefig(PICTURES / "tables.png")
