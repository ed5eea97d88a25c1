"""Holds GGUF files of the families against llama.cpp: writes the tiny models of families.py as its converter would, asks
llama.cpp and this program for the odds after some texts, and prints the largest difference of log-probabilities.

usage: python families_gguf.py PROGRAM [CASE ...]      (PROGRAM is the built logitscope)
needs: gguf, numpy, xllamacpp (llama.cpp's server as a package; run with 2026.10.11549)

Files hold f32; llama.cpp keeps keys and values in f32, without flash attention.
"""

import json
import math
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

sys.path = [path for path in sys.path if Path(path).resolve() != Path(__file__).parent.resolve()] + sys.path[:1]
import gguf  # the package, not the script beside
import numpy
import xllamacpp

from families import drawn

LETTERS = ["<|endoftext|>"] + list("abcdefghijklmnopqrstuvwxyzABCD") + ["CD"]
TEXTS = ["abz", "thequickbrownfoxjumpsoverA", "sphinxofblackquartzjudgemyvowBADBC"]
PLAIN = {"self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
         "self_attn.o_proj": "attn_output", "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
         "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm", "mlp.gate_proj": "ffn_gate",
         "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down", "mlp.gate": "ffn_gate_inp", "self_attn.qkv_proj": "attn_qkv",
         "mlp.gate_up_proj": "ffn_up", "embed_tokens": "token_embd", "norm": "output_norm", "lm_head": "output",
         "block_sparse_moe.gate": "ffn_gate_inp"}
BOTH = {**PLAIN, "post_attention_layernorm": "post_attention_norm", "pre_feedforward_layernorm": "ffn_norm",
        "post_feedforward_layernorm": "post_ffw_norm"}
GLM = {**PLAIN, "post_self_attn_layernorm": "post_attention_norm", "post_mlp_layernorm": "post_ffw_norm"}
NEOX = {**PLAIN, "embed_in": "token_embd", "final_layer_norm": "output_norm", "embed_out": "output",
        "attention.query_key_value": "attn_qkv", "attention.dense": "attn_output", "mlp.dense_h_to_4h": "ffn_up",
        "mlp.dense_4h_to_h": "ffn_down"}
PHI = {**PLAIN, "final_layernorm": "output_norm", "self_attn.dense": "attn_output", "mlp.fc1": "ffn_up", "mlp.fc2": "ffn_down"}
STAR = {**PLAIN, "mlp.c_fc": "ffn_up", "mlp.c_proj": "ffn_down"}
BLOOM = {"word_embeddings": "token_embd", "word_embeddings_layernorm": "token_embd_norm", "ln_f": "output_norm",
         "lm_head": "output", "input_layernorm": "attn_norm", "self_attention.query_key_value": "attn_qkv",
         "self_attention.dense": "attn_output", "post_attention_layernorm": "ffn_norm", "mlp.dense_h_to_4h": "ffn_up",
         "mlp.dense_4h_to_h": "ffn_down", "ln_attn": "attn_norm_2", "ln_mlp": "attn_norm"}
OSS = {**PLAIN, "post_attention_layernorm": "post_attention_norm", "self_attn.sinks": "attn_sinks",
       "mlp.router": "ffn_gate_inp"}
SHARED = {**PLAIN, "mlp.shared_expert.gate_proj": "ffn_gate_shexp", "mlp.shared_expert.up_proj": "ffn_up_shexp",
          "mlp.shared_expert.down_proj": "ffn_down_shexp", "mlp.shared_expert_gate": "ffn_gate_inp_shexp"}
EXPERTS = {"gate_proj": "gate", "up_proj": "up", "down_proj": "down", "w1": "gate", "w3": "up", "w2": "down"}

# case: (architecture, names, whether rows of queries and keys are reordered)
CASES = {"bloom": ("bloom", BLOOM, False), "falcon": ("falcon", BLOOM, False), "falcon-new": ("falcon", BLOOM, False),
         "falcon-one-norm": ("falcon", BLOOM, False), "gpt_oss": ("gpt-oss", OSS, False),
         "qwen2_moe": ("qwen2moe", SHARED, False), "stablelm-norms": ("stablelm", PLAIN, False),
         "gemma": ("gemma", PLAIN, False), "gemma2": ("gemma2", BOTH, False), "gemma3-older": ("gemma3", BOTH, False),
         "glm4": ("glm4", GLM, False), "gpt_neox": ("gptneox", NEOX, False), "gpt_neox-older": ("gptneox", NEOX, False),
         "granite": ("granite", PLAIN, True), "llama-yarn": ("llama", PLAIN, True), "mistral": ("llama", PLAIN, True),
         "mixtral": ("llama", PLAIN, True), "olmo2": ("olmo2", BOTH, False), "olmoe": ("olmoe", PLAIN, False),
         "phi": ("phi2", PHI, False), "phi3": ("phi3", PLAIN, False), "phi3-long": ("phi3", PLAIN, False),
         "qwen2": ("qwen2", PLAIN, False), "qwen3": ("qwen3", PLAIN, False), "qwen3_moe-all": ("qwen3moe", PLAIN, False),
         "smollm3": ("smollm3", PLAIN, True), "stablelm": ("stablelm", PLAIN, False),
         "stablelm-parallel": ("stablelm", PLAIN, False), "starcoder2": ("starcoder2", STAR, False)}


def reordered(weight, heads):
    return weight.reshape(heads, 2, -1, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


def write(path: Path, case: str) -> None:
    told = json.loads((Path(__file__).parent / "families" / f"{case}.json").read_text())
    config, (architecture, names, reorder) = told["config"], CASES[case]
    config = {"max_position_embeddings": 2048, **config}
    if architecture == "bloom":
        config.update(num_attention_heads=config["n_head"], num_hidden_layers=config["n_layer"])
    config.setdefault("intermediate_size", config.get("ffn_hidden_size", 4 * config["hidden_size"]))
    heads = config["num_attention_heads"]
    if architecture == "falcon":
        config["num_key_value_heads"] = config["num_kv_heads"] if config["new_decoder_architecture"] else 1
    keys = heads if architecture in ("gptneox", "bloom") else config.get("num_key_value_heads", heads)
    width = config.get("head_dim") or config["hidden_size"] // heads
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(keys)
    writer.add_key_length(width)
    writer.add_value_length(width)
    epsilons = ("rms_norm_eps", "layer_norm_eps", "norm_epsilon", "layer_norm_epsilon")
    epsilon = next(config[key] for key in epsilons if key in config)
    if architecture in ("bloom", "falcon", "gptneox", "phi2", "stablelm", "starcoder2"):
        epsilon = next(config[key] for key in epsilons[1:] if key in config)
        writer.add_layer_norm_eps(epsilon)
    else:
        writer.add_layer_norm_rms_eps(epsilon)
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    writer.add_rope_freq_base(config.get("rope_theta") or config.get("rotary_emb_base") or rope.get("rope_theta", 10000.0))
    part = config.get("partial_rotary_factor") or config.get("rotary_pct") or rope.get("partial_rotary_factor") or 1.0
    writer.add_rope_dimension_count(int(width * part))
    if rope.get("rope_type") in ("linear", "yarn"):
        kind = {"linear": gguf.RopeScalingType.LINEAR, "yarn": gguf.RopeScalingType.YARN}[rope["rope_type"]]
        writer.add_rope_scaling_type(kind)
        writer.add_rope_scaling_factor(rope["factor"])
        writer.add_rope_scaling_orig_ctx_len(rope.get("original_max_position_embeddings", 64))
    if rope.get("rope_type") == "longrope":
        writer.add_rope_scaling_orig_ctx_len(16)
        writer.add_rope_scaling_attn_factors(math.sqrt(1 + math.log(64 / 16) / math.log(16)))
        for kind in ("long", "short"):
            writer.add_tensor(f"rope_factors_{kind}.weight", numpy.array(rope[f"{kind}_factor"], numpy.float32))
    if config.get("sliding_window") and config.get("use_sliding_window", True):
        writer.add_sliding_window(config["sliding_window"])
    if architecture == "gemma2":
        writer.add_attn_logit_softcapping(config["attn_logit_softcapping"])
        writer.add_final_logit_softcapping(config["final_logit_softcapping"])
    if architecture in ("gptneox",):
        writer.add_parallel_residual(config["use_parallel_residual"])
    if architecture == "stablelm":
        writer.add_parallel_residual(config["use_parallel_residual"])
    if architecture == "granite":
        writer.add_attention_scale(config["attention_multiplier"])
        writer.add_embedding_scale(config["embedding_multiplier"])
        writer.add_residual_scale(config["residual_multiplier"])
        writer.add_logit_scale(config["logits_scaling"])
    experts = config.get("num_experts") or config.get("num_local_experts")
    if experts:
        writer.add_expert_count(experts)
        writer.add_expert_used_count(config["num_experts_per_tok"])
        if architecture in ("qwen2moe", "qwen3moe"):
            writer.add_expert_feed_forward_length(config["moe_intermediate_size"])
        if architecture == "qwen2moe":
            writer.add_expert_shared_feed_forward_length(config["shared_expert_intermediate_size"])
        if architecture == "gpt-oss":
            writer.add_expert_feed_forward_length(config["intermediate_size"])
    if architecture == "olmo" and config.get("clip_qkv"):  # llama.cpp passes it over in OLMoE
        writer.add_clamp_kqv(config["clip_qkv"])
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(LETTERS)
    writer.add_token_types([3] + [1] * (len(LETTERS) - 1))
    writer.add_token_merges(["C D"])  # there must be one; no text has it
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(0)
    writer.add_add_bos_token(False)
    stacks = {}
    for name, how in told["tensors"].items():
        array = drawn(name, *how)
        inner = name.removeprefix("gpt_neox.").removeprefix("transformer.").removeprefix("model.")
        if inner.endswith("sinks"):
            inner += ".weight"
        stem, kind = inner.rsplit(".", 1)
        place = ""
        if architecture == "gpt-oss" and ".mlp.experts" in inner:
            place, kind = f"blk.{inner.split('.')[1]}.", "bias" if kind.endswith("bias") else "weight"
            array = array.swapaxes(1, 2) if kind == "weight" else array
            parts = {"up": array[:, 1::2], "gate": array[:, ::2]} if "gate_up" in inner else {"down": array}
            for part, array in parts.items():
                writer.add_tensor(f"{place}ffn_{part}_exps.{kind}", numpy.ascontiguousarray(array))
            continue
        if "_layernorm.norms." in stem:
            _, layer, stem = stem.split(".", 2)
            stem, head = stem.split(".norms.")
            matrix = stem.removeprefix("self_attn.").removesuffix("_layernorm")
            stacks.setdefault(f"blk.{layer}.attn_{matrix}_norm.weight", {})[int(head)] = array
            continue
        if stem.startswith(("layers.", "h.")):
            _, layer, stem = stem.split(".", 2)
            place = f"blk.{layer}."
        if ".experts." in stem:
            expert, matrix = stem.split(".experts.")[1].split(".")
            stacks.setdefault(f"{place}ffn_{EXPERTS[matrix]}_exps.weight", {})[int(expert)] = array
            continue
        if architecture.startswith("gemma") and "norm" in stem:
            array = array + 1
        if reorder and stem.endswith(("q_proj", "k_proj")):
            array = reordered(array, heads if stem.endswith("q_proj") else keys)
        if stem.endswith("attention.query_key_value"):
            groups = array.reshape(keys, heads // keys + 2, width, *array.shape[1:])
            array = numpy.concatenate([part.reshape(-1, *array.shape[1:])
                                       for part in (groups[:, :-2], groups[:, -2], groups[:, -1])])
        if stem.endswith("shared_expert_gate"):
            array = array.squeeze()
        writer.add_tensor(f"{place}{names[stem]}.{kind}", numpy.ascontiguousarray(array))
    for name, stack in stacks.items():
        writer.add_tensor(name, numpy.stack([stack[at] for at in range(len(stack))]))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def of_llama_cpp(path: Path) -> list[list[float]]:
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_ctx, params.n_parallel, params.warmup, params.swa_full = 64, 1, False, False
    params.cache_type_k = params.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
    params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    server = xllamacpp.Server(params)
    rows = []
    for text in TEXTS:
        ask = {"prompt": [LETTERS.index(letter) for letter in text], "n_predict": 1, "n_probs": len(LETTERS),
               "cache_prompt": False, "temperature": -1}
        request = urllib.request.Request(f"{server.listening_address}/completion", json.dumps(ask).encode(),
                                         {"Content-Type": "application/json"})
        reply = json.loads(urllib.request.urlopen(request, timeout=60).read())
        row = [math.nan] * len(LETTERS)
        for entry in reply["completion_probabilities"][0]["top_logprobs"]:
            row[entry["id"]] = entry["logprob"]
        rows.append(row)
    return rows


def of_program(program: str, path: Path) -> list[list[float]]:
    rows = []
    for text in TEXTS:
        ran = subprocess.run([program, "--model", str(path), "--precision", "f32", "odds", text, "--json", "--top", "32"],
                             capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
        told = json.loads(ran.stdout.splitlines()[-1])
        row = [math.nan] * len(LETTERS)
        for token in told["rows"]:
            row[token["id"]] = math.log(token["raw_probability"])
        rows.append(row)
    return rows


def main() -> None:
    program, chosen = sys.argv[1], sys.argv[2:] or CASES
    for case in chosen:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{case}.gguf"
            write(path, case)
            try:
                theirs = of_llama_cpp(path)
                ours = of_program(program, path)
            except Exception as error:
                print(f"{case}: {str(error)[:300]}", flush=True)
                continue
            apart = [max(abs(a - b) for a, b in zip(*rows)) for rows in zip(ours, theirs)]
            print(f"{case:20} {CASES[case][0]:12}", *(f"{len(text)} tokens: {most:.1e}" for text, most in zip(TEXTS, apart)), flush=True)


if __name__ == "__main__":
    main()
