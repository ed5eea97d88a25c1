"""Writes small GGUF models as llama.cpp's converter would, and what trusted programs make of them, for tests/gguf.rs.

usage: python gguf.py [DIR]        (DIR is `gguf` beside this script unless given)
needs: torch, transformers, safetensors, tokenizers, sentencepiece, gguf

`NAME.gguf` with `NAME.safetensors` beside it: `tokens (n)`, and `logits (n, vocabulary)` of transformers in f32 on the
dequantised weights. `tokenizers.json` has texts and their ids, of Hugging Face's tokenizers or of sentencepiece.
"""

import io
import json
import sys
from pathlib import Path

sys.path = [path for path in sys.path if Path(path).resolve() != Path(__file__).parent.resolve()] + sys.path[:1]
import gguf  # the package, not this script
import numpy
import sentencepiece
import torch
from gguf import GGMLQuantizationType as Type
from safetensors.torch import save_file
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import GPT2Config, GPT2LMHeadModel

import llama

TEXT = Path(__file__).read_text() * 2 + "Once upon a time, in 1923, there was a café. " * 20
TEXTS = [
    "", " ", "Hello world", "  two  spaces\tand tabs\n\n\nlines", "don't I'll WE'VE it'S", "1234567 3.14 x2y22z222",
    "naïve café — “quotes” … №½", "漢字かな交じり文 한국어 עברית", "🦀👩‍👩‍👧‍👦 e\u0301 \u200b\u202e", "<s>a<|end|> b</s>", "\x00\x1b[2J\u00a0\r\n",
    "def f(x):\n    return x**2  # comment\n", " leading and trailing ",
]
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
          r"|\s+(?!\S)|\s+")
SPECIAL = ["<s>", "</s>", "<|end|>"]


def byte_level(pre: str) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE(ignore_merges=pre == "llama-bpe"))
    plain = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=pre in ("gpt-2", "smollm"))
    before = {
        "gpt-2": [], "smollm": [pre_tokenizers.Digits(individual_digits=True)],
        "llama-bpe": [pre_tokenizers.Split(Regex(LLAMA3), "isolated")],
        "qwen2": [pre_tokenizers.Split(Regex(LLAMA3.replace("{1,3}", "")), "isolated")],
    }[pre]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([*before, plain])
    tokenizer.normalizer = normalizers.NFC() if pre == "qwen2" else None
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=352, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator([TEXT], trainer)
    return tokenizer


def write_byte_level(writer: gguf.GGUFWriter, tokenizer: Tokenizer, pre: str) -> None:
    vocab = sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().get)
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(vocab)
    writer.add_token_types([3 if token in SPECIAL else 1 for token in vocab])
    writer.add_token_merges([" ".join(merge) for merge in merges])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)
    writer.add_eot_token_id(2)
    writer.add_add_bos_token(pre == "llama-bpe")
    writer.add_chat_template("{% for m in messages %}<s>{{ m.role }}: {{ m.content }}<|end|>{% endfor %}"
                             "{% if add_generation_prompt %}<s>assistant: {% endif %}")


def sentencepiece_model() -> sentencepiece.SentencePieceProcessor:
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXT.splitlines()), model_writer=model, vocab_size=384, model_type="bpe",
        byte_fallback=True, normalization_rule_name="identity", remove_extra_whitespaces=False, num_threads=1,
        minloglevel=2)
    return sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())


def write_sentencepiece(writer: gguf.GGUFWriter, sp: sentencepiece.SentencePieceProcessor) -> None:
    ids = range(sp.vocab_size())
    kind = lambda id: 2 if sp.is_unknown(id) else 3 if sp.is_control(id) else 6 if sp.is_byte(id) else 1
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([sp.id_to_piece(id) for id in ids])
    writer.add_token_scores([sp.get_score(id) for id in ids])
    writer.add_token_types([kind(id) for id in ids])
    writer.add_bos_token_id(sp.bos_id())
    writer.add_eos_token_id(sp.eos_id())
    writer.add_unk_token_id(sp.unk_id())


def permuted(weight: numpy.ndarray, heads: int) -> numpy.ndarray:
    """The order of rows that the converter gives queries and keys."""
    return weight.reshape(heads, 2, -1, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


class File:
    """A file being written, and the model being changed to what the file holds."""

    def __init__(self, path: Path, architecture: str, model, dtype: Type):
        self.path, self.model, self.dtype = path, model, dtype
        self.writer = gguf.GGUFWriter(path, architecture)
        self.writer.add_license("mit")

    def add(self, name: str, parameter: torch.Tensor, order=lambda array: array, dtype: Type | None = None) -> None:
        array = order(parameter.detach().numpy())
        dtype = dtype or (self.dtype if array.ndim == 2 else Type.F32)
        data = gguf.quants.quantize(numpy.ascontiguousarray(array), dtype)
        self.writer.add_tensor(name, data, raw_dtype=dtype)
        held = torch.from_numpy(gguf.quants.dequantize(data, dtype).reshape(array.shape))
        # Undo the order by what it does to row numbers.
        rows = torch.from_numpy(order(numpy.arange(array.shape[0])) if order is not transposed else numpy.arange(0))
        with torch.no_grad():
            if order is transposed:
                parameter.copy_(held.T)
            else:
                parameter[rows] = held

    def finish(self, length: int) -> None:
        self.writer.write_header_to_file()
        self.writer.write_kv_data_to_file()
        self.writer.write_tensors_to_file()
        self.writer.close()
        tokens = torch.randint(0, self.model.config.vocab_size, (length,))
        values = llama.reference(self.model, tokens)
        save_file(values, self.path.with_suffix(".safetensors"))
        print(f"{self.path.name}: {self.path.stat().st_size} bytes, logits up to {values['logits'].abs().max():.1f}")


def transposed(array: numpy.ndarray) -> numpy.ndarray:
    return array.T


def write_llama(path: Path, dtype: Type, seed: int, tokenize, family=llama.LLAMA, embedding=None, **changes) -> None:
    model = llama.build(seed, family, changes)
    config, name = model.config, model.config.model_type
    file = File(path, name if name == "qwen2" else "llama", model, dtype)
    writer = file.writer
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    writer.add_rope_dimension_count(width)
    writer.add_key_length(width)
    writer.add_value_length(width)
    tokenize(writer)
    if config.rope_parameters["rope_type"] == "llama3":
        base = config.rope_parameters["rope_theta"] ** (-torch.arange(0, width, 2) / width)
        factors = base / model.model.rotary_emb.inv_freq
        writer.add_tensor("rope_freqs.weight", factors.float().numpy())
    file.add("token_embd.weight", model.model.embed_tokens.weight, dtype=embedding)
    for index, layer in enumerate(model.model.layers):
        block, attention, mlp = f"blk.{index}.", layer.self_attn, layer.mlp
        for ours, linear, heads in [("attn_q", attention.q_proj, config.num_attention_heads),
                                    ("attn_k", attention.k_proj, config.num_key_value_heads),
                                    ("attn_v", attention.v_proj, 0), ("attn_output", attention.o_proj, 0),
                                    ("ffn_gate", mlp.gate_proj, 0), ("ffn_up", mlp.up_proj, 0),
                                    ("ffn_down", mlp.down_proj, 0)]:
            reorder = heads if name != "qwen2" else 0
            order = (lambda array, heads=reorder: permuted(array, heads)) if reorder else (lambda array: array)
            file.add(f"{block}{ours}.weight", linear.weight, order)
            if linear.bias is not None:
                file.add(f"{block}{ours}.bias", linear.bias, order)
        file.add(f"{block}attn_norm.weight", layer.input_layernorm.weight)
        file.add(f"{block}ffn_norm.weight", layer.post_attention_layernorm.weight)
    file.add("output_norm.weight", model.model.norm.weight)
    if not config.tie_word_embeddings:
        file.add("output.weight", model.lm_head.weight)
    file.finish(min(60, config.max_position_embeddings))


def write_gpt2(path: Path, dtype: Type, seed: int, tokenize, output: bool, **changes) -> None:
    torch.manual_seed(seed)
    model = GPT2LMHeadModel(GPT2Config(n_positions=40, n_layer=2, **changes)).eval()
    with torch.no_grad():
        for value in model.parameters():
            value.add_(torch.randn_like(value) * (0.15 if value.dim() > 1 else 0.3))
    config, body = model.config, model.transformer
    file = File(path, "gpt2", model, dtype)
    writer = file.writer
    writer.add_context_length(config.n_positions)
    writer.add_embedding_length(config.n_embd)
    writer.add_block_count(config.n_layer)
    writer.add_feed_forward_length(4 * config.n_embd)
    writer.add_head_count(config.n_head)
    writer.add_layer_norm_eps(config.layer_norm_epsilon)
    tokenize(writer)
    file.add("token_embd.weight", body.wte.weight)
    file.add("position_embd.weight", body.wpe.weight, dtype=Type.F32)
    for index, block in enumerate(body.h):
        for ours, theirs in [("attn_norm", block.ln_1), ("ffn_norm", block.ln_2)]:
            file.add(f"blk.{index}.{ours}.weight", theirs.weight)
            file.add(f"blk.{index}.{ours}.bias", theirs.bias)
        for ours, theirs in [("attn_qkv", block.attn.c_attn), ("attn_output", block.attn.c_proj),
                             ("ffn_up", block.mlp.c_fc), ("ffn_down", block.mlp.c_proj)]:
            file.add(f"blk.{index}.{ours}.weight", theirs.weight, transposed)
            file.add(f"blk.{index}.{ours}.bias", theirs.bias)
    file.add("output_norm.weight", body.ln_f.weight)
    file.add("output_norm.bias", body.ln_f.bias)
    if output:  # the converter writes the tied head once more
        file.add("output.weight", model.lm_head.weight)
    file.finish(40)


def main() -> None:
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent / "gguf")
    root.mkdir(exist_ok=True)
    sp = sentencepiece_model()
    small = dict(vocab_size=352, num_hidden_layers=1, hidden_size=16, intermediate_size=24, num_attention_heads=2,
                 num_key_value_heads=1)
    cut = dict(hidden_size=64, intermediate_size=128, vocab_size=384)
    spm = lambda writer: write_sentencepiece(writer, sp)
    bpes = {pre: byte_level(pre) for pre in ["gpt-2", "smollm", "llama-bpe", "qwen2"]}
    bpe = lambda pre: lambda writer: write_byte_level(writer, bpes[pre], pre)

    write_llama(root / "llama-f32.gguf", Type.F32, 1, bpe("llama-bpe"), max_position_embeddings=120,
                **{**small, "num_attention_heads": 4, "num_key_value_heads": 2, "num_hidden_layers": 2},
                rope_parameters=llama.LLAMA3)
    write_llama(root / "llama-f16-biases.gguf", Type.F16, 2, bpe("smollm"), attention_bias=True, mlp_bias=True,
                tie_word_embeddings=True, **small)
    write_llama(root / "llama-q8_0.gguf", Type.Q8_0, 3, spm, tie_word_embeddings=True, **cut)
    write_llama(root / "llama-q4_1.gguf", Type.Q4_1, 4, spm, embedding=Type.Q8_0, tie_word_embeddings=True,
                num_hidden_layers=1, **{key: cut[key] for key in cut})
    write_llama(root / "qwen2-f32.gguf", Type.F32, 5, bpe("qwen2"), family=llama.QWEN2, tie_word_embeddings=True, **small)
    write_gpt2(root / "gpt2-f32.gguf", Type.F32, 6, bpe("gpt-2"), output=True, vocab_size=352, n_embd=16, n_head=2)
    write_gpt2(root / "gpt2-q8_0.gguf", Type.Q8_0, 7, bpe("gpt-2"), output=False, vocab_size=352, n_embd=64, n_head=4)

    cases = {"llama-q8_0": [[text, sp.encode(text)] for text in TEXTS if "<" not in text]}
    for pre, name in [("gpt-2", "gpt2-f32"), ("smollm", "llama-f16-biases"), ("llama-bpe", "llama-f32"),
                      ("qwen2", "qwen2-f32")]:
        cases[name] = [[text, bpes[pre].encode(text, add_special_tokens=False).ids] for text in TEXTS]
    (root / "tokenizers.json").write_text(json.dumps(cases, separators=(",", ":")))


if __name__ == "__main__":
    main()
