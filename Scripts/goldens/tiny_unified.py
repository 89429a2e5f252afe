"""Writes a tiny unified model with random weights, for the tests of inference and of the command line.

It knows nothing, but it is a whole model directory: `config.json`, `generation_config.json`, `tokenizer.json`,
`vocabulary.json`, both codecs and `model.safetensors`, of the layouts that a trained one has. Run
`.venv/bin/python Scripts/goldens/tiny_unified.py Tests/SpudInferenceTests/Fixtures/tiny-unified`.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

IMAGE_CODES, PATCH = 64, 8
AUDIO_LEVELS, AUDIO_CODES = 2, 16
HIDDEN, LAYERS, HEADS, KV_HEADS, HEAD_WIDTH = 32, 2, 2, 1, 16
EXPERTS, EXPERTS_PER_TOKEN, EXPERT_WIDTH = 4, 2, 32
CONTEXT = 256

CONTROL = [
    "<pad>", "<bos>", "<end>", "<user>", "<assistant>", "<image>", "</image>", "<audio>", "</audio>",
    "<video>", "</video>", "<frame>", "<think>", "</think>",
] + [f"<size:{n}>" for n in range(1, 33)]


def byte_alphabet():
    """GPT-2's spelling of each byte as a printable character."""
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    spelling, extra = {}, 0
    for byte in range(256):
        spelling[byte] = chr(byte) if byte in kept else chr(256 + extra)
        extra += byte not in kept
    return [spelling[byte] for byte in range(256)]


def tokenizer():
    pieces = byte_alphabet()
    vocab = {piece: i for i, piece in enumerate(pieces)}
    merges = [["t", "h"], ["th", "e"], ["i", "n"], ["a", "n"]]
    for first, second in merges:
        vocab[first + second] = len(vocab)
    text_count = len(vocab)
    added = CONTROL + [f"<i:{n}>" for n in range(IMAGE_CODES)]
    added += [f"<a{level}:{n}>" for level in range(AUDIO_LEVELS) for n in range(AUDIO_CODES)]
    flags = dict(single_word=False, lstrip=False, rstrip=False, normalized=False, special=True)
    return text_count, {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [dict(id=text_count + i, content=name, **flags) for i, name in enumerate(added)],
        "normalizer": None,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
        "post_processor": None,
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
            "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
            "vocab": vocab, "merges": merges,
        },
    }


def codec(kind, width, levels, codes, generator, mean, metadata, path):
    count = 8
    components = torch.linalg.qr(torch.randn(width, count, generator=generator)).Q.T.contiguous()
    tensors = {
        "mean": torch.full((width,), mean),
        "components": components,
        "variances": torch.linspace(4, 1, count),
        "centres": torch.randn(levels, codes, count, generator=generator) * 2,
    }
    save_file(tensors, path, metadata={"schema": "1", "kind": kind, **metadata})


def weights(vocabulary, generator):
    def matrix(rows, columns, gain=1.0):
        return (torch.randn(rows, columns, generator=generator) * gain / columns**0.5).bfloat16()

    tensors = {
        "model.embed_tokens.weight": matrix(vocabulary, HIDDEN, gain=HIDDEN**0.5),
        "model.norm.weight": torch.ones(HIDDEN).bfloat16(),
        "lm_head.weight": matrix(vocabulary, HIDDEN, gain=2.0),
    }
    for layer in range(LAYERS):
        at = f"model.layers.{layer}."
        tensors[at + "input_layernorm.weight"] = torch.ones(HIDDEN).bfloat16()
        tensors[at + "post_attention_layernorm.weight"] = torch.ones(HIDDEN).bfloat16()
        tensors[at + "self_attn.q_proj.weight"] = matrix(HEADS * HEAD_WIDTH, HIDDEN)
        tensors[at + "self_attn.k_proj.weight"] = matrix(KV_HEADS * HEAD_WIDTH, HIDDEN)
        tensors[at + "self_attn.v_proj.weight"] = matrix(KV_HEADS * HEAD_WIDTH, HIDDEN)
        tensors[at + "self_attn.o_proj.weight"] = matrix(HIDDEN, HEADS * HEAD_WIDTH)
        tensors[at + "self_attn.q_norm.weight"] = torch.ones(HEAD_WIDTH).bfloat16()
        tensors[at + "self_attn.k_norm.weight"] = torch.ones(HEAD_WIDTH).bfloat16()
        tensors[at + "mlp.gate.weight"] = matrix(EXPERTS, HIDDEN)
        for expert in range(EXPERTS):
            name = at + f"mlp.experts.{expert}."
            tensors[name + "gate_proj.weight"] = matrix(EXPERT_WIDTH, HIDDEN)
            tensors[name + "up_proj.weight"] = matrix(EXPERT_WIDTH, HIDDEN)
            tensors[name + "down_proj.weight"] = matrix(HIDDEN, EXPERT_WIDTH)
    return tensors


def main():
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    generator = torch.Generator().manual_seed(5)

    def write(name, value):
        (out / name).write_text(json.dumps(value, indent=None, separators=(",", ":")) + "\n")

    text_count, tokenizer_json = tokenizer()
    image_first = text_count + len(CONTROL)
    audio_first = image_first + IMAGE_CODES
    vocabulary = audio_first + AUDIO_LEVELS * AUDIO_CODES
    end = text_count + CONTROL.index("<end>")
    write("tokenizer.json", tokenizer_json)
    write("vocabulary.json", {
        "schema": 1,
        "text": {"first": 0, "count": text_count},
        "control": {"first": text_count, "tokens": CONTROL},
        "image": {"first": image_first, "count": IMAGE_CODES, "patch": PATCH},
        "audio": {"first": audio_first, "levels": AUDIO_LEVELS, "codes_per_level": AUDIO_CODES,
                  "frames_per_second": 25},
    })
    write("config.json", {
        "architectures": ["Qwen3MoeForCausalLM"], "model_type": "qwen3_moe", "dtype": "bfloat16",
        "hidden_size": HIDDEN, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS,
        "num_key_value_heads": KV_HEADS, "head_dim": HEAD_WIDTH, "intermediate_size": EXPERT_WIDTH,
        "moe_intermediate_size": EXPERT_WIDTH, "num_experts": EXPERTS, "num_experts_per_tok": EXPERTS_PER_TOKEN,
        "norm_topk_prob": True, "decoder_sparse_step": 1, "mlp_only_layers": [], "hidden_act": "silu",
        "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "attention_bias": False, "tie_word_embeddings": False,
        "max_position_embeddings": CONTEXT, "vocab_size": vocabulary,
        "bos_token_id": text_count + CONTROL.index("<bos>"), "eos_token_id": end,
    })
    write("generation_config.json", {"eos_token_id": end})
    codec("image", PATCH * PATCH * 3, 1, IMAGE_CODES, generator, 0.5, {"patch": str(PATCH)},
          out / "image_codec.safetensors")
    codec("audio", 4 * 80, AUDIO_LEVELS, AUDIO_CODES, generator, -2.0,
          {"sample_rate": "16000", "mel_frames": "4", "bands": "80", "frames_per_second": "25"},
          out / "audio_codec.safetensors")
    save_file(weights(vocabulary, generator), out / "model.safetensors", metadata={"format": "pt"})


main()
