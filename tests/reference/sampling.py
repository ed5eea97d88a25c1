"""Writes sampling.json: what the sampler's stages must give on fixed logits.

Stages that transformers has are run through transformers. Those that only llama.cpp or a paper has are written here
anew from their formulas, in the plainest way, to be independent of the crate's code.

    pip install torch transformers
    python sampling.py

Token `i` of the test's vocabulary has the text chr(0x4E00 + i), so that settings can name tokens.
"""

import collections
import json
import math
import pathlib

import torch
import transformers
from transformers import generation as hf

NONE = -math.inf


def text(*ids):
    return "".join(chr(0x4E00 + i) for i in ids)


# ---- logits -----------------------------------------------------------------------------------------------------


def hashed(n, seed):
    """Numbers in [0, 1) that any language could make again."""
    state = seed
    for _ in range(n):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        yield (state >> 11) / 2**53


def normal(n, seed, scale, shift=0.0):
    """Bell-shaped logits: sums of twelve uniform numbers."""
    numbers = list(hashed(12 * n, seed))
    sums = (sum(numbers[12 * i : 12 * i + 12]) - 6.0 for i in range(n))
    return [float(torch.tensor(scale * s + shift, dtype=torch.float32)) for s in sums]


LOGITS = {
    "tiny": [2.0, 1.0, 0.0, -1.0, -2.0, 0.5, 1.5],
    "ties": [1.0, 3.0, 3.0, 2.0, 2.0, 2.0, 0.5, 0.5, -1.0, -1.0, -4.0, 2.0],
    "holes": [1.25, NONE, 0.5, NONE, -0.75, 2.5, NONE, 0.125],
    "negative": [-3.0, -1.0, -7.5, -2.25, -1.5, -40.0],
    "sure": [12.0, 3.0, 2.5, 1.0, 0.0, -1.0, 4.0, -2.0, 0.25, 1.75],
    "flat": normal(40, 5, 0.1),
    "bell": normal(40, 1, 3.0),
    "shifted": normal(40, 2, 2.0, shift=-25.0),
    "large": normal(300, 3, 4.0),
}

HISTORIES = {
    "none": [],
    "some": [3, 1, 4, 1, 5, 2, 0, 5, 3, 5],
    "loop": [0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 5, 0, 1, 2],
    "long": [int(u * u * 7) for u in hashed(150, 11)],
}

# ---- llama.cpp's stages, from their formulas ----------------------------------------------------------------------


def softmax(scores):
    best = max(scores)
    if best == NONE:
        return [1.0 / len(scores)] * len(scores)
    weights = [math.exp(s - best) for s in scores]
    return [w / sum(weights) for w in weights]


def last(history, window):
    return history[-window:] if window else history


def frequency_presence(scores, history, frequency, presence, window):
    counts = collections.Counter(last(history, window))
    return [s - counts[i] * frequency - (counts[i] > 0) * presence for i, s in enumerate(scores)]


def repetition_window(scores, history, penalty, window):
    seen = set(last(history, window))
    return [(s / penalty if s > 0 else s * penalty) if i in seen else s for i, s in enumerate(scores)]


def top_n_sigma(scores, n):
    valid = [s for s in scores if s != NONE]
    mean = sum(valid) / len(valid)
    deviation = math.sqrt(sum((s - mean) ** 2 for s in valid) / len(valid))
    return [s if s >= max(valid) - n * deviation else NONE for s in scores]


def xtc(scores, probability, threshold, u):
    odds = softmax(scores)
    obvious = sorted((i for i, p in enumerate(odds) if p >= threshold), key=lambda i: (-odds[i], i))
    if u >= probability or threshold > 0.5 or len(obvious) < 2:
        return scores
    return [NONE if i in obvious[:-1] else s for i, s in enumerate(scores)]


def mirostat_v2(scores, mu):
    odds = softmax(scores)
    kept = [i for i, p in enumerate(odds) if p > 0 and -math.log2(p) <= mu]
    kept = kept or [max(range(len(odds)), key=lambda i: odds[i])]
    return [s if i in kept else NONE for i, s in enumerate(scores)]


def mirostat_v1(scores, mu, vocabulary):
    order = sorted((s for s in scores if s != NONE), reverse=True)
    if len(order) < 2:
        return scores
    odds = softmax(order)
    n = min(100, len(order)) - 1
    t = [math.log((i + 2) / (i + 1)) for i in range(n)]
    b = [math.log(odds[i] / odds[i + 1]) for i in range(n)]
    s_hat = sum(x * y for x, y in zip(t, b)) / sum(x * x for x in t)
    epsilon = s_hat - 1
    k = ((epsilon * 2**mu) / (1 - vocabulary**-epsilon)) ** (1 / s_hat)
    border = order[min(max(int(k), 1), len(order)) - 1]
    return [s if s >= border else NONE for s in scores]


def adaptive_p(scores, target, mean):
    """The mean is llama.cpp's weighted_sum / total_weight."""
    aim = min(max(2 * target - mean, 0.0), 1.0)
    distances = [abs((p - aim) * (1 / 0.3)) for p in softmax(scores)]
    return [NONE if s == NONE else 5 - 10 * d * d / (1 + d) for s, d in zip(scores, distances)]


def dry(scores, history, multiplier, base, allowed, window, breakers):
    """Breakers are lists of token ids."""
    recent = last(history, window)
    n = len(recent)
    since = n
    for start in range(n - 1, -1, -1):
        ends = [start + len(b) for b in breakers if recent[start : start + len(b)] == b]
        if ends:
            since = n - max(ends)
            break
    singles = [b[0] for b in breakers if len(b) == 1]
    longest = {}
    for follower in range(1, n):
        run = 0
        while run < min(follower, since) and recent[follower - 1 - run] == recent[n - 1 - run]:
            run += 1
        if run >= allowed and recent[follower] not in singles:
            longest[recent[follower]] = max(run, longest.get(recent[follower], 0))
    if n <= allowed or since < allowed:
        return scores
    return [s - multiplier * base ** (longest[i] - allowed) if i in longest else s for i, s in enumerate(scores)]


def dynatemp(scores, temperature, spread, exponent):
    valid = [s for s in scores if s != NONE]
    if len(valid) < 2:
        return scores
    entropy = -sum(p * math.log(p) for p in softmax(scores) if p > 0)
    low, high = max(0.0, temperature - spread), temperature + spread
    t = low + (high - low) * (entropy / math.log(len(valid))) ** exponent
    if t <= 0:
        return [s if i == scores.index(max(scores)) else NONE for i, s in enumerate(scores)]
    return [s / t for s in scores]


# ---- text-generation-webui's and Aphrodite's quadratic sampling, and the papers' stages ---------------------------


def smoothing(scores, factor, curve):
    k, s = (3 - curve) / 2, (curve - 1) / 2
    best = max(scores)
    differences = [score - best for score in scores]
    return [
        NONE if score == NONE else -(k * factor * d**2) + s * factor * d**3 + best
        for score, d in zip(scores, differences)
    ]


def p_less(scores, factor):
    """arXiv 2509.23234: the threshold is the likelihood that two draws agree."""
    odds = softmax(scores)
    threshold = factor * sum(p * p for p in odds)
    return [s if p >= threshold or p == max(odds) else NONE for s, p in zip(scores, odds)]


def min_k(scores, tau):
    """arXiv 2604.11012: position-weighted relative decay, and the fallback for flat logits."""
    order = sorted((s for s in scores if s != NONE), reverse=True)
    spread = order[0] - order[-1]
    if spread == 0:
        return scores
    decay = [(order[i] - order[i + 1]) / spread / (i + 1) for i in range(len(order) - 1)]
    k = max(decay.index(max(decay)) + 1, math.floor(tau / spread))
    border = order[min(k, len(order)) - 1]
    return [s if s >= border else NONE for s in scores]


# ---- transformers' stages -----------------------------------------------------------------------------------------


def through(*processors):
    """A list of transformers' processors as a function of scores and history."""

    def run(scores, history):
        ids = torch.tensor([history], dtype=torch.long)
        tensor = torch.tensor([scores], dtype=torch.float32)
        for processor in processors:
            tensor = processor(ids, tensor)
        return tensor[0].tolist()

    return run


# ---- cases --------------------------------------------------------------------------------------------------------

cases = []


def case(name, logits, settings, run, history="none", **context):
    """`run(scores, history)` gives the scores after the chain that `settings` describe."""
    scores = LOGITS[logits]
    left = [float(s) for s in run(scores, HISTORIES[history])]
    expected = softmax(left)
    cases.append(
        {
            "name": f"{name} on {logits} after {history}",
            "logits": logits,
            "history": history,
            "settings": settings,
            **context,
            "expected": [[i, float(f"{p:.9g}")] for i, p in enumerate(expected) if left[i] != NONE],
        }
    )


def everywhere(name, settings, run, histories=("none",), without=(), **context):
    for logits in LOGITS:
        for history in histories:
            if logits not in without and (not HISTORIES[history] or max(HISTORIES[history]) < len(LOGITS[logits])):
                case(name, logits, settings, run, history, **context)


everywhere("neutral", {}, lambda scores, history: scores)

for t in (0.1, 0.7, 1.3, 5.0):
    for logits in ("tiny", "holes", "negative", "bell", "shifted"):
        case(f"temperature {t}", logits, {"temperature": t}, through(hf.TemperatureLogitsWarper(t)))
for k in (1, 2, 4, 25):
    everywhere(f"top_k {k}", {"top_k": k}, through(hf.TopKLogitsWarper(k)))
for p in (0.05, 0.5, 0.8, 0.95, 0.999):
    # Which of equals stay is left to the sort there, and defined here.
    everywhere(f"top_p {p}", {"top_p": p}, through(hf.TopPLogitsWarper(p)), without=("ties",))
for p in (0.02, 0.2, 0.7, 1.0):
    everywhere(f"min_p {p}", {"min_p": p}, through(hf.MinPLogitsWarper(p)))
for p in (0.1, 0.5, 0.9, 0.99):
    everywhere(f"typical_p {p}", {"typical_p": p}, through(hf.TypicalLogitsWarper(p)))
for p in (0.0003, 0.01, 0.06, 0.4):
    everywhere(f"epsilon_cutoff {p}", {"epsilon_cutoff": p}, through(hf.EpsilonLogitsWarper(p)))
for p in (0.0003, 0.01, 0.06, 0.4):
    everywhere(f"eta_cutoff {p}", {"eta_cutoff": p}, through(hf.EtaLogitsWarper(p)))

SMALL = ("tiny", "ties", "negative", "bell", "shifted")
for penalty in (0.8, 1.2, 2.0):
    # transformers has no window.
    settings = {"repetition_penalty": penalty, "penalty_window": 0}
    run = through(hf.RepetitionPenaltyLogitsProcessor(penalty))
    for logits in SMALL + ("holes",):
        case(f"repetition {penalty}", logits, settings, run, "some")
for window in (1, 4, 64):
    for history in ("some", "long"):
        settings = {"repetition_penalty": 1.3, "penalty_window": window}
        run = lambda scores, history: repetition_window(scores, history, 1.3, window)
        case(f"repetition in {window}", "bell", settings, run, history)
for n in (1, 2, 3, 4):
    for history in ("none", "some", "loop", "long"):
        case(
            f"no_repeat_ngram {n}",
            "bell",
            {"no_repeat_ngram": n},
            through(hf.NoRepeatNGramLogitsProcessor(n)),
            history,
        )

biases = [[[1], 1.5], [[4], -2.0], [[3, 5, 2], 4.0], [[5, 3, 5, 6], 3.25], [[5, 5], 7.0], [[5, 0], -1.5]]
for logits in ("tiny", "ties", "bell", "shifted"):
    for history in ("some", "loop"):
        case(
            "logit_bias",
            logits,
            {"logit_bias": {(text(*ids) if len(ids) > 1 else f"#{ids[0]}"): bias for ids, bias in biases}},
            through(hf.SequenceBiasLogitsProcessor(biases)),
            history,
        )
banned = [[2], [5, 0], [3, 5, 1], [1, 2, 4]]
for logits in ("tiny", "ties", "bell", "large"):
    for history in ("some", "loop"):
        case(
            "banned",
            logits,
            {"banned": [text(*ids) for ids in banned]},
            through(hf.NoBadWordsLogitsProcessor(banned, eos_token_id=None)),
            history,
        )
for prompt_len in (7, 8):
    case(
        f"min_new_tokens, prompt of {prompt_len}",
        "bell",
        {"min_new_tokens": 3},
        through(hf.MinNewTokensLengthLogitsProcessor(prompt_len, 3, eos_token_id=6)),
        "some",
        prompt_len=prompt_len,
        end_token=6,
    )

for h in (0.05, 0.3, 0.6, 0.9):
    # Which of equals stay is left to the sort there, and defined here.
    everywhere(f"top_h {h}", {"top_h": h}, through(hf.TopHLogitsWarper(h)), without=("ties",))
for t, spread, exponent in ((1.0, 0.5, 1.0), (0.8, 0.8, 2.0), (1.5, 0.4, 0.3), (0.3, 1.2, 1.0), (1.0, 0.7, 0.0)):
    settings = {"temperature": t, "dynatemp_range": spread, "dynatemp_exponent": exponent}
    run = lambda scores, history: dynatemp(scores, t, spread, exponent)
    everywhere(f"dynatemp {t} {spread} {exponent}", settings, run)
for factor, curve in ((0.3, 1.0), (1.7, 1.0), (0.5, 2.0), (0.2, 3.0), (0.05, 4.5)):
    settings = {"smoothing_factor": factor, "smoothing_curve": curve}
    everywhere(f"smoothing {factor} {curve}", settings, lambda scores, history: smoothing(scores, factor, curve))
for factor in (0.1, 0.5, 1.0):
    everywhere(f"p_less {factor}", {"p_less": factor}, lambda scores, history: p_less(scores, factor))
for tau in (0.5, 3.0, 20.0, 250.0):
    everywhere(f"min_k {tau}", {"min_k": tau}, lambda scores, history: min_k(scores, tau))
for n in (0.1, 0.5, 1.0, 2.5):
    everywhere(f"top_n_sigma {n}", {"top_n_sigma": n}, lambda scores, history: top_n_sigma(scores, n))
for frequency, presence, window in ((0.4, 0.0, 0), (0.0, 0.7, 0), (0.3, 0.2, 4), (-0.5, -0.25, 64)):
    settings = {"frequency_penalty": frequency, "presence_penalty": presence, "penalty_window": window}
    run = lambda scores, history: frequency_presence(scores, history, frequency, presence, window)
    for logits in ("tiny", "ties", "bell"):
        for history in ("some", "loop", "long"):
            case(f"frequency {frequency} presence {presence} in {window}", logits, settings, run, history)
for probability, threshold, u in ((1.0, 0.1, 0.9), (0.5, 0.05, 0.2), (0.5, 0.05, 0.7), (1.0, 0.3, 0.0), (1.0, 0.6, 0.0)):
    run = lambda scores, history: xtc(scores, probability, threshold, u)
    settings = {"xtc_probability": probability, "xtc_threshold": threshold}
    everywhere(f"xtc {probability} {threshold} at {u}", settings, run, xtc_u=u)
for mu in (0.01, 1.5, 4.0, 9.0):
    run = lambda scores, history: mirostat_v2(scores, mu)
    everywhere(f"mirostat {mu}", {"method": "mirostat-v2"}, run, without=("ties",), mu=mu)
for mu in (0.01, 1.5, 4.0, 9.0):
    for logits in LOGITS:
        if logits != "ties":
            run = lambda scores, history: mirostat_v1(scores, mu, len(scores))
            case(f"mirostat v1 {mu}", logits, {"method": "mirostat-v1"}, run, mu=mu)
for target, mean in ((0.5, 0.5), (0.3, 0.45), (0.7, 0.2), (0.05, 0.4), (1.0, 0.6)):
    settings = {"method": "adaptive-p", "adaptive_target": target}
    everywhere(f"adaptive_p {target} {mean}", settings, lambda scores, history: adaptive_p(scores, target, mean), mean=mean)
for logits in ("bell", "large"):
    case(
        "adaptive_p after min_p and temperature",
        logits,
        {"method": "adaptive-p", "adaptive_target": 0.2, "temperature": 1.3, "min_p": 0.02},
        lambda scores, history: adaptive_p(
            through(hf.TemperatureLogitsWarper(1.3), hf.MinPLogitsWarper(0.02))(scores, history), 0.2, 0.35
        ),
        mean=0.35,
    )
for multiplier, base, allowed, window, breakers in (
    (0.8, 1.75, 2, 0, []),
    (0.8, 1.75, 1, 0, [[5]]),
    (1.5, 1.2, 0, 0, [[5]]),
    (0.5, 2.0, 2, 0, [[2, 5], [3]]),
    (0.5, 2.0, 1, 12, [[2, 5, 0]]),
    (1.0, 1.5, 3, 40, [[6]]),
):
    settings = {
        "dry_multiplier": multiplier,
        "dry_base": base,
        "dry_allowed_length": allowed,
        "dry_window": window,
        "dry_breakers": [text(*b) for b in breakers],
    }
    run = lambda scores, history: dry(scores, history, multiplier, base, allowed, window, breakers)
    for history in HISTORIES:
        case(f"dry {multiplier} {base} {allowed} {window} {breakers}", "bell", settings, run, history)

# Chains of several stages.
for logits in ("bell", "shifted", "large"):
    case(
        "temperature, top_k, top_p",
        logits,
        {"temperature": 0.8, "top_k": 20, "top_p": 0.9},
        through(hf.TemperatureLogitsWarper(0.8), hf.TopKLogitsWarper(20), hf.TopPLogitsWarper(0.9)),
    )
    case(
        "top_p before temperature",
        logits,
        {"temperature": 1.7, "top_p": 0.9, "order": ["top-p", "temperature"]},
        through(hf.TopPLogitsWarper(0.9), hf.TemperatureLogitsWarper(1.7)),
    )
    case(
        "temperature before repetition",
        logits,
        {"temperature": 1.7, "repetition_penalty": 1.4, "penalty_window": 0, "order": ["temperature", "repetition"]},
        through(hf.TemperatureLogitsWarper(1.7), hf.RepetitionPenaltyLogitsProcessor(1.4)),
        "long",
    )
    case(
        "min_k, dynatemp, smoothing, top_h, p_less",
        logits,
        {
            "min_k": 300.0,
            "temperature": 1.2,
            "dynatemp_range": 0.6,
            "smoothing_factor": 0.15,
            "smoothing_curve": 1.5,
            "top_h": 0.9,
            "p_less": 0.4,
        },
        lambda scores, history: p_less(
            through(hf.TopHLogitsWarper(0.9))(
                smoothing(dynatemp(min_k(scores, 300.0), 1.2, 0.6, 1.0), 0.15, 1.5), history
            ),
            0.4,
        ),
    )
    case(
        "a stage disabled",
        logits,
        {"temperature": 0.5, "top_k": 5, "disabled": ["top-k"]},
        through(hf.TemperatureLogitsWarper(0.5)),
    )
    case(
        "all that transformers has",
        logits,
        {
            "logit_bias": {text(i): b for (i,), b in [[[9], 1.5], [[4], -2.0]]},
            "banned": [text(12), text(5, 7)],
            "min_new_tokens": 4,
            "no_repeat_ngram": 2,
            "repetition_penalty": 1.2,
            "penalty_window": 0,
            "temperature": 1.5,
            "top_k": 30,
            "typical_p": 0.98,
            "top_p": 0.97,
            "min_p": 0.01,
            "epsilon_cutoff": 0.004,
            "eta_cutoff": 0.01,
        },
        through(
            hf.SequenceBiasLogitsProcessor([[[9], 1.5], [[4], -2.0]]),
            hf.NoBadWordsLogitsProcessor([[12], [5, 7]], eos_token_id=None),
            hf.MinNewTokensLengthLogitsProcessor(8, 4, eos_token_id=13),
            hf.NoRepeatNGramLogitsProcessor(2),
            hf.RepetitionPenaltyLogitsProcessor(1.2),
            hf.TemperatureLogitsWarper(1.5),
            hf.TopKLogitsWarper(30),
            hf.TypicalLogitsWarper(0.98),
            hf.TopPLogitsWarper(0.97),
            hf.MinPLogitsWarper(0.01),
            hf.EpsilonLogitsWarper(0.004),
            hf.EtaLogitsWarper(0.01),
        ),
        "some",
        prompt_len=8,
        end_token=13,
    )
    case(
        "all that only llama.cpp has",
        logits,
        {
            "frequency_penalty": 0.2,
            "presence_penalty": 0.1,
            "penalty_window": 32,
            "dry_multiplier": 0.8,
            "dry_breakers": [text(6)],
            "top_n_sigma": 2.0,
            "xtc_probability": 1.0,
            "xtc_threshold": 0.08,
        },
        lambda scores, history: xtc(
            top_n_sigma(
                dry(frequency_presence(scores, history, 0.2, 0.1, 32), history, 0.8, 1.75, 2, 0, [[6]]),
                2.0,
            ),
            1.0,
            0.08,
            0.0,
        ),
        "long",
        xtc_u=0.0,
    )


def jsonable(number):
    """JSON has no infinities: null stands for −∞."""
    return None if number == NONE else number


written = {
    "made_with": {"transformers": transformers.__version__, "torch": torch.__version__.split("+")[0]},
    "logits": {name: [jsonable(number) for number in numbers] for name, numbers in LOGITS.items()},
    "histories": HISTORIES,
    "cases": cases,
}
path = pathlib.Path(__file__).with_suffix(".json")
lines = [f'"{key}": {json.dumps(written[key])}' for key in ("made_with", "logits", "histories")]
lines.append('"cases": [\n' + ",\n".join(json.dumps(c, ensure_ascii=False) for c in cases) + "\n]")
path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
print(f"{len(cases)} cases in {path.name}")
