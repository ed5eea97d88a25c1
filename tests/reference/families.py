"""Writes tiny models of each family and the log-probabilities that transformers gives for them, for tests/families.rs.

usage: python families.py [DIR [CASE ...]]     (DIR is `families` beside this script unless given)
needs: torch, transformers (5.24.0), safetensors, numpy

`NAME.json` has the config.json, the tokens, and for each tensor its shape and how its numbers are drawn; `NAME.f32` the
log-probabilities, row after row. The numbers of tensors are not stored: they are drawn by a formula that the test has too.
They are drawn so that scores of attention and logits spread, and norms, biases and multipliers are far from what they are
in a fresh model: else a wrong window or a wrong rotation would move the logits by less than any tolerance.
"""

import json
import sys
import tempfile
from pathlib import Path

import numpy
import torch
import transformers
from safetensors import safe_open
from safetensors.numpy import save_file
from transformers import AutoConfig, AutoModelForCausalLM

TOKENS, WINDOW = 44, 6
USUAL = dict(vocab_size=32, hidden_size=32, intermediate_size=64, num_hidden_layers=3, num_attention_heads=4,
             num_key_value_heads=2, head_dim=8, max_position_embeddings=64, rms_norm_eps=1e-3, bos_token_id=0,
             eos_token_id=0, pad_token_id=None, tie_word_embeddings=False)
LAYER_NORM = {**USUAL, "layer_norm_eps": 1e-3}
GEMMA = {**USUAL, "tie_word_embeddings": True}
ALTERNATE = ["sliding_attention", "full_attention", "sliding_attention"]
YARN = dict(rope_type="yarn", rope_theta=10000.0, factor=4.0, original_max_position_embeddings=16)
LONG = dict(rope_type="longrope", rope_theta=10000.0, short_factor=[1.0, 1.1, 1.3, 1.5], long_factor=[1.2, 1.9, 3.0, 4.0],
            original_max_position_embeddings=16)
EXPERTS = dict(num_experts_per_tok=2, moe_intermediate_size=32)

FALCON = dict(vocab_size=32, hidden_size=32, num_hidden_layers=3, num_attention_heads=4, ffn_hidden_size=64,
              layer_norm_epsilon=1e-3, max_position_embeddings=64, bos_token_id=0, eos_token_id=0)
OPT = dict(vocab_size=32, hidden_size=32, num_hidden_layers=3, num_attention_heads=4, ffn_dim=64, max_position_embeddings=64,
           bos_token_id=0, eos_token_id=0, pad_token_id=None)

# name: (model_type, fields of the configuration, fields that an older file has instead)
CASES = {
    "bloom": ("bloom", dict(vocab_size=32, hidden_size=96, n_layer=3, n_head=6, layer_norm_epsilon=1e-3, bos_token_id=0,
                            eos_token_id=0), {}),
    "falcon": ("falcon", FALCON, {}),
    "falcon-alibi": ("falcon", {**FALCON, "alibi": True, "multi_query": False, "parallel_attn": False, "bias": True}, {}),
    "falcon-new": ("falcon", {**FALCON, "new_decoder_architecture": True, "num_kv_heads": 2,
                              "rope_parameters": dict(rope_type="default", rope_theta=500.0)}, {}),
    "falcon-one-norm": ("falcon", {**FALCON, "new_decoder_architecture": True, "num_kv_heads": 2,
                                   "num_ln_in_parallel_attn": 1}, {}),
    "gemma": ("gemma", GEMMA, {}),
    "gemma2": ("gemma2", {**GEMMA, "sliding_window": WINDOW, "query_pre_attn_scalar": 5, "attn_logit_softcapping": 3.0,
                          "final_logit_softcapping": 4.0}, {}),
    "gemma3": ("gemma3_text", {**GEMMA, "sliding_window": WINDOW, "query_pre_attn_scalar": 5, "layer_types": ALTERNATE,
                               "rope_parameters": {"full_attention": {"rope_type": "linear", "factor": 8.0,
                                                                      "rope_theta": 5000.0},
                                                   "sliding_attention": {"rope_type": "default", "rope_theta": 100.0}}}, {}),
    "gemma3-older": ("gemma3_text", {**GEMMA, "sliding_window": WINDOW, "query_pre_attn_scalar": 5,
                                     "sliding_window_pattern": 2, "rope_theta": 5000.0, "rope_local_base_freq": 100.0,
                                     "rope_scaling": {"rope_type": "linear", "factor": 8.0}},
                     dict(sliding_window_pattern=2, rope_theta=5000.0, rope_local_base_freq=100.0,
                          rope_scaling={"rope_type": "linear", "factor": 8.0}, rope_parameters=None, layer_types=None)),
    "glm4": ("glm4", {**USUAL, "partial_rotary_factor": 0.5}, {}),
    "gpt_neo": ("gpt_neo", dict(vocab_size=32, hidden_size=32, num_layers=3, num_heads=4, window_size=WINDOW,
                                attention_types=[[["global", "local"], 1], [["global"], 1]], max_position_embeddings=64,
                                intermediate_size=64, layer_norm_epsilon=1e-3, bos_token_id=0, eos_token_id=0), {}),
    "gpt_neox": ("gpt_neox", {**LAYER_NORM, "rotary_pct": 0.5}, {}),
    "gpt_neox-older": ("gpt_neox", {**LAYER_NORM, "rotary_pct": 0.5, "rotary_emb_base": 100, "use_parallel_residual": False},
                       dict(rotary_pct=0.5, rotary_emb_base=100, rope_parameters=None)),
    "gpt_oss": ("gpt_oss", {**USUAL, "sliding_window": WINDOW, "num_local_experts": 5, "num_experts_per_tok": 2,
                            "rope_parameters": {**YARN, "rope_theta": 500.0, "truncate": False}}, {}),
    "granite": ("granite", {**USUAL, "embedding_multiplier": 3.0, "residual_multiplier": 0.6, "logits_scaling": 0.7,
                            "attention_multiplier": 0.5, "attention_bias": True, "mlp_bias": True}, {}),
    "llama-yarn": ("llama", {**USUAL, "rope_parameters": YARN}, {}),
    "llama-dynamic": ("llama", {**USUAL, "rope_parameters": dict(rope_type="dynamic", rope_theta=10000.0, factor=2.0)}, {}),
    "mamba": ("mamba", dict(vocab_size=32, hidden_size=32, num_hidden_layers=3, layer_norm_epsilon=1e-3, bos_token_id=0,
                            eos_token_id=0, pad_token_id=None), {}),
    "ministral3": ("ministral3", {**USUAL, "sliding_window": None, "rope_parameters": {
        **YARN, "llama_4_scaling_beta": 0.4, "mscale": 1.0, "mscale_all_dim": 0.5, "beta_fast": 4.0, "beta_slow": 0.5}}, {}),
    "mistral": ("mistral", {**USUAL, "sliding_window": WINDOW}, {}),
    "mixtral": ("mixtral", {**USUAL, "num_local_experts": 5, "num_experts_per_tok": 2, "sliding_window": WINDOW}, {}),
    "olmo2": ("olmo2", USUAL, {}),
    "olmo3": ("olmo3", {**USUAL, "sliding_window": WINDOW, "layer_types": ALTERNATE}, {}),
    "olmo3-older": ("olmo3", {**USUAL, "sliding_window": WINDOW, "layer_types": ALTERNATE,
                               "rope_scaling": {**YARN, "rope_theta": 500.0}},
                    dict(rope_theta=500.0, rope_scaling={**YARN, "rope_theta": None}, rope_parameters=None)),
    "olmoe": ("olmoe", {**USUAL, **EXPERTS, "num_experts": 5, "clip_qkv": 3.0, "num_key_value_heads": 4}, {}),
    "opt": ("opt", OPT, {}),
    "opt-after": ("opt", {**OPT, "do_layer_norm_before": False, "enable_bias": False}, {}),
    "phi": ("phi", {**LAYER_NORM, "partial_rotary_factor": 0.5}, {}),
    "phi-norms": ("phi", {**LAYER_NORM, "partial_rotary_factor": 0.5, "qk_layernorm": True}, {}),
    "phi3": ("phi3", {**USUAL, "sliding_window": WINDOW}, {}),
    "phi3-long": ("phi3", {**USUAL, "rope_parameters": LONG, "original_max_position_embeddings": 16}, {}),
    "qwen2": ("qwen2", {**USUAL, "use_sliding_window": True, "sliding_window": WINDOW, "max_window_layers": 1}, {}),
    "qwen2_moe": ("qwen2_moe", {**USUAL, **EXPERTS, "num_experts": 5, "shared_expert_intermediate_size": 64,
                                "norm_topk_prob": False, "use_sliding_window": True, "sliding_window": WINDOW,
                                "max_window_layers": 2}, {}),
    "qwen3": ("qwen3", {**USUAL, "use_sliding_window": True, "sliding_window": WINDOW, "max_window_layers": 2}, {}),
    "qwen3_moe": ("qwen3_moe", {**USUAL, **EXPERTS, "num_experts": 5, "norm_topk_prob": False, "mlp_only_layers": [1]}, {}),
    "qwen3_moe-all": ("qwen3_moe", {**USUAL, **EXPERTS, "num_experts": 5, "norm_topk_prob": True}, {}),
    "smollm3": ("smollm3", {**USUAL, "no_rope_layer_interval": 2}, {}),
    "stablelm": ("stablelm", {**LAYER_NORM, "partial_rotary_factor": 0.5, "use_qkv_bias": True}, {}),
    "stablelm-norms": ("stablelm", {**LAYER_NORM, "partial_rotary_factor": 0.5, "qk_layernorm": True}, {}),
    "stablelm-parallel": ("stablelm", {**LAYER_NORM, "partial_rotary_factor": 0.75, "use_parallel_residual": True}, {}),
    "starcoder2": ("starcoder2", {**USUAL, "norm_epsilon": 1e-3, "sliding_window": WINDOW}, {}),
}


def drawn(name: str, shape: list[int], centre: float, spread: float) -> numpy.ndarray:
    """Numbers by splitmix64, from a hash (FNV-1a) of the tensor's name."""
    seed = 0xCBF29CE484222325
    for byte in name.encode():
        seed = (seed ^ byte) * 0x100000001B3 % 2**64
    count = int(numpy.prod(shape))
    with numpy.errstate(over="ignore"):
        x = numpy.uint64(seed) + numpy.arange(1, count + 1, dtype=numpy.uint64) * numpy.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
        x ^= x >> numpy.uint64(31)
    unit = (x >> numpy.uint64(40)).astype(numpy.float64) / 2.0**24
    return (centre + spread * (2.0 * unit - 1.0)).astype(numpy.float32).reshape(shape)


def how(name: str, shape: list[int], family: str) -> tuple[float, float]:
    """What a tensor's numbers lie around, and how far from it."""
    if name.endswith("bias"):
        return 0.0, 0.5
    if name.endswith("A_log"):  # the speeds at which a state fades, from 1 to 7 and more
        return 1.0, 1.0
    if "experts.gate_up_proj" in name:  # [experts, in, out]; wide enough that many are clamped
        return 0.0, round(4.0 * (3.0 / shape[-2]) ** 0.5, 4)
    if "experts.down_proj" in name and family == "gpt_oss":
        return 0.0, round(0.2 * (3.0 / shape[-2]) ** 0.5, 4)
    if any(part in name for part in ("q_norm", "k_norm", "q_layernorm", "k_layernorm")):
        return (1.4 if family.startswith("gemma") else 2.4), 0.8
    if len(shape) == 1:
        return (0.2 if family.startswith("gemma") else 1.2), 0.6
    if any(part in name for part in ("wpe", "wte", "embed")):
        return 0.0, 1.0
    strong = ("q_proj", "k_proj", "query_key_value", "qkv_proj", "lm_head", "embed_out", "gate.weight",
              "router.weight")
    gain = 1.6 if any(part in name for part in strong) else 0.8
    if family == "gpt_neo" and any(part in name for part in ("q_proj", "k_proj")):
        gain = 1.0
    return 0.0, round(gain * (3.0 / shape[-1]) ** 0.5, 4)


def main() -> None:
    assert transformers.__version__ == "5.24.0", transformers.__version__
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent / "families")
    root.mkdir(exist_ok=True)
    for name, (family, fields, older) in CASES.items():
        if len(sys.argv) > 2 and name not in sys.argv[2:]:
            continue
        model = AutoModelForCausalLM.from_config(AutoConfig.for_model(family, **fields))
        with tempfile.TemporaryDirectory() as folder:
            model.save_pretrained(folder)
            with safe_open(Path(folder) / "model.safetensors", "np") as file:
                shapes = {key: file.get_slice(key).get_shape() for key in file.keys()}
            tensors = {key: [shape, *how(key, shape, family)] for key, shape in sorted(shapes.items())}
            save_file({key: drawn(key, *value) for key, value in tensors.items()}, Path(folder) / "model.safetensors",
                      metadata={"format": "pt"})
            config = json.loads((Path(folder) / "config.json").read_text())
            # Falcon's ALiBi is added twice by "eager"; "sdpa" is what transformers takes by itself.
            how_attention = "sdpa" if fields.get("alibi") else "eager"
            model, report = AutoModelForCausalLM.from_pretrained(folder, attn_implementation=how_attention,
                                                                 output_loading_info=True)
            assert not report["missing_keys"] and not report["unexpected_keys"], report
        model.eval()
        # What no description says is in a folder of its own.
        folder = root if family != "mamba" else root.parent / "guests"
        folder.mkdir(exist_ok=True)
        seed = sum(map(ord, name))
        tokens = torch.randint(0, 32, (TOKENS,), generator=torch.Generator().manual_seed(seed))
        with torch.no_grad():
            out = model(tokens[None], use_cache=False,
                        output_attentions=how_attention == "eager" and family != "mamba")
        logits = out.logits[0].double()
        spread = (logits.max(-1).values - logits.min(-1).values).mean().item()
        focus = [pattern[0, :, 8:].max(-1).values.mean().item() for pattern in getattr(out, "attentions", None) or () if pattern is not None]
        for field in ("transformers_version", "dtype", "architectures", "_name_or_path"):
            config.pop(field, None)
        for field, value in older.items():
            config[field] = value
            if value is None:
                del config[field]
        told = {"config": config, "tokens": tokens.tolist(), "tensors": tensors}
        (folder / f"{name}.json").write_text(json.dumps(told, separators=(",", ":")) + "\n")
        torch.log_softmax(logits, -1).float().numpy().astype("<f4").tofile(folder / f"{name}.f32")
        print(f"{name}: logits spread over {spread:.1f}, the largest weights of attention are {[round(f, 2) for f in focus]}")
        assert spread > 5, name


if __name__ == "__main__":
    main()
