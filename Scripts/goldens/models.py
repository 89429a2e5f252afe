#!/usr/bin/env python3
"""Makes the golden fixtures of SpudModelsTests: tiny random checkpoints, and what `transformers` computes with them.

    .venv/bin/python Scripts/goldens/models.py [NAME…]

Each folder of Tests/SpudModelsTests/Fixtures is a model directory (config.json, model.safetensors or shards) with a
golden.safetensors beside it, computed in float32:

    prompt        I64 [16]
    continuation  I64 [64]         the greedy continuation
    logits        F32 [80, vocab]  after each position of prompt + continuation
    hidden        F32 [layers, hidden]  what each layer leaves at the last position, before the final norm

A seed is only taken if neither the greedy choice nor the choice of experts is a close call anywhere on that path: two
correct implementations that differ by rounding must then agree. `*.gguf` are the same checkpoints as llama.cpp's
converter would lay them out, written with the `gguf` package.
"""

import json
import os
import shutil
import sys
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import gguf
import numpy as np
import torch
import transformers
from model_cases import ARCHITECTURES, CASES, GGUF_ARCHITECTURES, GGUF_CASES
from safetensors.torch import save_file

FIXTURES = Path(__file__).parents[2] / "Tests" / "SpudModelsTests" / "Fixtures"
PROMPT, CONTINUATION = 16, 64
LOGIT_MARGIN, ROUTER_MARGIN = 1e-3, 4e-5


def build(kind, options, seed, bf16=False, quantize=None):
    """A model with random weights: activations of order one, logits a few units apart."""
    configuration = transformers.AutoConfig.for_model(kind, **json.loads(json.dumps(options)), use_cache=False)
    configuration._attn_implementation = "eager"
    torch.manual_seed(seed)
    model = transformers.AutoModelForCausalLM.from_config(configuration).float().eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if name.endswith("norm.weight"):
                value = 1 + 0.2 * noise
            elif name.endswith((".bias", "_bias")):
                value = 0.3 * noise
            elif name.endswith(".sinks"):
                value = 1 + 1.5 * noise
            elif "embed_tokens" in name:
                # Where it is the output projection too, a large one would make the model repeat its input.
                value = noise * (0.2 if options.get("tie_word_embeddings") else 1)
            elif name.endswith(("mlp.gate.weight", "mlp.router.weight")):
                value = noise * 3 / parameter.shape[-1] ** 0.5
            elif kind == "gpt_oss" and ".experts." in name:
                # With inputs first.
                value = noise * 1.2 / parameter.shape[1] ** 0.5
            else:
                value = noise * 1.2 / parameter.shape[-1] ** 0.5
            if bf16:
                value = value.bfloat16().float()
            if quantize is not None:
                value = torch.from_numpy(quantize(name, value.numpy()))
            parameter.copy_(value)
    return model


def run(model, tokens, cache=None):
    """Logits, what each layer leaves, and the smallest gap between an expert taken and one left."""
    gaps, hidden = [], []

    def watch_router(module, inputs, outputs):
        probabilities = outputs[0].float().softmax(-1).sort(-1, descending=True).values
        gaps.append((probabilities[:, module.top_k - 1] - probabilities[:, module.top_k]).min().item())

    def watch_layer(module, inputs, outputs):
        hidden.append((outputs[0] if isinstance(outputs, tuple) else outputs)[0])

    hooks = [layer.register_forward_hook(watch_layer) for layer in model.model.layers]
    hooks += [
        module.register_forward_hook(watch_router)
        for name, module in model.named_modules()
        if type(module).__name__.endswith("TopKRouter")
    ]
    with torch.no_grad():
        logits = model(input_ids=tokens[None], past_key_values=cache, use_cache=cache is not None).logits[0]
    for hook in hooks:
        hook.remove()
    return logits, torch.stack(hidden), min(gaps, default=1.0)


def freeze(model):
    """Rotary positions that depend on the length, as a pass over all of the tokens has them."""
    rotary = model.model.rotary_emb
    if rotary.rope_type not in ("dynamic", "longrope"):
        return
    initialize = transformers.modeling_rope_utils.ROPE_INIT_FUNCTIONS[rotary.rope_type]
    frequencies, rotary.attention_scaling = initialize(model.config, "cpu", seq_len=PROMPT + CONTINUATION)
    rotary.register_buffer("inv_freq", frequencies, persistent=False)
    rotary.rope_type = "default"


def golden(model, seed):
    """The golden tensors, or None if some choice on the path is too close to call."""
    freeze(model)
    vocabulary = model.config.vocab_size
    prompt = torch.randint(0, vocabulary, (PROMPT,), generator=torch.Generator().manual_seed(seed + 1))
    tokens, cache, fresh = prompt, transformers.DynamicCache(), prompt
    for _ in range(CONTINUATION):
        logits, _, gap = run(model, fresh, cache)
        best = logits[-1].topk(2)
        if gap < ROUTER_MARGIN or best.values[0] - best.values[1] < LOGIT_MARGIN:
            return None
        fresh = best.indices[:1]
        tokens = torch.cat([tokens, fresh])
    logits, hidden, gap = run(model, tokens)
    continuation = tokens[PROMPT:]
    if gap < ROUTER_MARGIN or len(set(continuation.tolist())) < 8:
        return None
    return {
        "prompt": prompt,
        "continuation": continuation.contiguous(),
        "logits": logits.contiguous(),
        "hidden": hidden[:, -1].contiguous(),
    }


def search(kind, options, **how):
    for seed in range(1, 4000):
        model = build(kind, options, seed, **how)
        found = golden(model, seed)
        if found is not None:
            return model, found, seed
    raise SystemExit(f"no seed gives clear choices for {kind} {options}")


def on_disk(kind, state, fused):
    """Parameter names and layouts as published checkpoints have them."""
    tensors = {}
    for name, value in state.items():
        if name == "lm_head.weight" and "tied" in state:
            continue
        if fused or ".experts." not in name or kind == "gpt_oss":
            if not fused and kind == "mixtral":
                name = name.replace(".mlp.gate.", ".block_sparse_moe.gate.")
            tensors[name] = value
            continue
        prefix = name.rsplit(".experts.", 1)[0]
        gate, up, down = "gate_proj", "up_proj", "down_proj"
        if kind == "mixtral":
            prefix, gate, up, down = prefix.replace(".mlp", ".block_sparse_moe"), "w1", "w3", "w2"
        for expert in range(value.shape[0]):
            base = f"{prefix}.experts.{expert}"
            if name.endswith("gate_up_proj"):
                half = value.shape[1] // 2
                tensors[f"{base}.{gate}.weight"] = value[expert, :half]
                tensors[f"{base}.{up}.weight"] = value[expert, half:]
            else:
                tensors[f"{base}.{down}.weight"] = value[expert]
    return tensors


def configuration(kind, options, v5, bf16):
    """config.json as `transformers` 4 or 5 spells it."""
    options = json.loads(json.dumps(options))
    options.setdefault("tie_word_embeddings", False)
    result = {"architectures": [ARCHITECTURES[kind]], "model_type": kind, "hidden_act": "silu"}
    dtype = "bfloat16" if bf16 else "float32"
    if v5:
        result["dtype"] = dtype
        scaling = options.pop("rope_scaling", None) or {"rope_type": "default"}
        options["rope_parameters"] = {**scaling, "rope_theta": options.pop("rope_theta")}
        if "num_experts" in options and kind == "qwen3_moe":
            options["num_local_experts"] = options.pop("num_experts")
        result["transformers_version"] = "5.23.0"
    else:
        result["torch_dtype"] = dtype
        options.setdefault("rope_scaling", None)
        result["transformers_version"] = "4.51.0"
    return {**result, **options}


def write_checkpoint(folder, kind, options, model, bf16=False, fused=False, v5=False, shards=1, generation=None):
    state = {name: value for name, value in model.state_dict().items()}
    if options.get("tie_word_embeddings"):
        state.pop("lm_head.weight", None)
    tensors = on_disk(kind, state, fused)
    tensors = {name: (value.bfloat16() if bf16 else value).contiguous().clone() for name, value in tensors.items()}
    config = configuration(kind, options, v5, bf16)
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    if generation:
        (folder / "generation_config.json").write_text(json.dumps(generation) + "\n")
    names = sorted(tensors)
    if shards == 1:
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    else:
        where = {}
        for index in range(shards):
            file = f"model-{index + 1:05}-of-{shards:05}.safetensors"
            part = {name: tensors[name] for name in names[index::shards]}
            save_file(part, folder / file, metadata={"format": "pt"})
            where.update({name: file for name in part})
        size = sum(value.nbytes for value in tensors.values())
        (folder / "model.safetensors.index.json").write_text(
            json.dumps({"metadata": {"total_size": size}, "weight_map": where}, indent=0) + "\n"
        )


def check_loads(folder, found):
    """transformers itself must read the folder and compute the same."""
    model = transformers.AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    logits, _, _ = run(model, torch.cat([found["prompt"], found["continuation"]]))
    difference = (logits - found["logits"]).abs().max().item()
    assert difference < 1e-5, f"{folder.name}: transformers reads it back {difference} off"


# GGUF


def gguf_name(name, kind=None):
    fixed = {
        "model.embed_tokens.weight": "token_embd.weight",
        "model.norm.weight": "output_norm.weight",
        "lm_head.weight": "output.weight",
    }
    if name in fixed:
        return fixed[name]
    _, _, layer, rest = name.split(".", 3)
    parts = {
        "input_layernorm": "attn_norm",
        "post_attention_layernorm": "ffn_norm",
        "self_attn.q_proj": "attn_q",
        "self_attn.k_proj": "attn_k",
        "self_attn.v_proj": "attn_v",
        "self_attn.o_proj": "attn_output",
        "self_attn.q_norm": "attn_q_norm",
        "self_attn.k_norm": "attn_k_norm",
        "mlp.gate": "ffn_gate_inp",
        "mlp.gate_proj": "ffn_gate",
        "mlp.up_proj": "ffn_up",
        "mlp.down_proj": "ffn_down",
        "mlp.experts.down_proj": "ffn_down_exps",
        "mlp.experts.down_proj_bias": "ffn_down_exps",
        "self_attn.sinks": "attn_sinks",
        "mlp.router": "ffn_gate_inp",
    }
    if kind == "gpt_oss":
        parts["post_attention_layernorm"] = "post_attention_norm"
    part, end = rest.rsplit(".", 1) if rest.endswith((".weight", ".bias")) else (rest, "weight")
    return f"blk.{layer}.{parts[part]}.{'bias' if rest.endswith('_bias') else end}"


def permute(weights, heads):
    """What llama.cpp's converter does to the query and key rows of arch `llama` (convert_hf_to_gguf.py, `permute`)."""
    return (
        weights.reshape(heads, 2, weights.shape[0] // heads // 2, *weights.shape[1:])
        .swapaxes(1, 2)
        .reshape(weights.shape)
    )


def write_gguf(path, kind, options, model, type_name):
    config = model.config
    arch = GGUF_ARCHITECTURES[kind]
    writer = gguf.GGUFWriter(path, arch)
    head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(head)
    writer.add_value_length(head)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(options["rope_theta"])
    writer.add_rope_dimension_count(head)
    writer.add_vocab_size(config.vocab_size)
    if kind in ("qwen3_moe", "olmoe", "mixtral", "gpt_oss"):
        writer.add_expert_count(options.get("num_experts") or options["num_local_experts"])
        writer.add_expert_used_count(config.num_experts_per_tok)
    if kind == "qwen3_moe":
        writer.add_expert_feed_forward_length(config.moe_intermediate_size)
    if kind == "gpt_oss":
        writer.add_expert_feed_forward_length(config.intermediate_size)
        writer.add_sliding_window(config.sliding_window)
        writer.add_rope_scaling_type(gguf.RopeScalingType.YARN)
        writer.add_rope_scaling_factor(options["rope_scaling"]["factor"])
        writer.add_rope_scaling_orig_ctx_len(options["rope_scaling"]["original_max_position_embeddings"])
    elif options.get("rope_scaling"):
        # As the converter does: llama.cpp divides the frequencies by this tensor.
        inverse = 1.0 / (options["rope_theta"] ** (np.arange(0, head, 2) / head))
        scaled = model.model.rotary_emb.inv_freq.double().numpy()
        writer.add_tensor("rope_freqs.weight", (inverse / scaled).astype(np.float32))
    quantization = gguf.GGMLQuantizationType[type_name]
    state = dict(model.state_dict())
    if options.get("tie_word_embeddings"):
        state.pop("lm_head.weight", None)
    for name, value in state.items():
        value = value.numpy()
        pieces = {name: value}
        layer = name.split(".")[2] if ".experts." in name else ""
        if kind == "gpt_oss" and "experts.gate_up_proj" in name:
            end = "bias" if name.endswith("_bias") else "weight"
            value = value if end == "bias" else value.swapaxes(1, 2)
            pieces = {
                f"blk.{layer}.ffn_gate_exps.{end}": value[:, ::2],
                f"blk.{layer}.ffn_up_exps.{end}": value[:, 1::2],
            }
        elif kind == "gpt_oss" and name.endswith("experts.down_proj"):
            pieces = {name: value.swapaxes(1, 2)}
        elif name.endswith("experts.gate_up_proj"):
            half = value.shape[1] // 2
            pieces = {
                f"blk.{layer}.ffn_gate_exps.weight": value[:, :half],
                f"blk.{layer}.ffn_up_exps.weight": value[:, half:],
            }
        for name, value in pieces.items():
            if arch == "llama" and "self_attn.q_proj" in name:
                value = permute(value, config.num_attention_heads)
            if arch == "llama" and "self_attn.k_proj" in name:
                value = permute(value, config.num_key_value_heads)
            target = name if name.startswith("blk.") else gguf_name(name, kind)
            value = np.ascontiguousarray(value)
            if value.ndim == 1 or target.endswith(".bias") or "ffn_gate_inp" in target or (
                type_name == "MXFP4" and value.ndim < 3
            ):
                writer.add_tensor(target, value.astype(np.float32))
            else:
                writer.add_tensor(target, gguf.quants.quantize(value, quantization), raw_dtype=quantization)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def rounding_to(type_name):
    """What a tensor's values are after a trip through the GGUF type: the golden model computes with those."""
    quantization = gguf.GGMLQuantizationType[type_name]

    def quantize(name, value):
        if value.ndim == 1 or name.endswith("mlp.gate.weight"):
            return value
        if type_name == "MXFP4":
            # Experts alone, and with outputs first.
            if value.ndim < 3:
                return value
            rows = np.ascontiguousarray(value.swapaxes(1, 2))
            rounded = gguf.quants.dequantize(gguf.quants.quantize(rows, quantization), quantization)
            return np.ascontiguousarray(rounded.reshape(rows.shape).swapaxes(1, 2))
        # Rows are quantized each for itself, so permuting or fusing them afterwards changes nothing.
        return gguf.quants.dequantize(gguf.quants.quantize(value, quantization), quantization).reshape(value.shape)

    return quantize


def main():
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    wanted = sys.argv[1:]
    for name, (kind, options, how) in CASES.items():
        if wanted and name not in wanted:
            continue
        folder = FIXTURES / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        model, found, seed = search(kind, options, bf16=how.get("bf16", False))
        write_checkpoint(folder, kind, options, model, **how)
        check_loads(folder, found)
        save_file(
            found, folder / "golden.safetensors", metadata={"seed": str(seed), "transformers": transformers.__version__}
        )
        print(f"{name}: seed {seed}", flush=True)
    for name, (kind, options, type_name) in GGUF_CASES.items():
        if wanted and f"gguf-{name}" not in wanted:
            continue
        folder = FIXTURES / f"gguf-{name}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        model, found, seed = search(kind, options, quantize=rounding_to(type_name))
        write_gguf(folder / "model.gguf", kind, options, model, type_name)
        save_file(
            found, folder / "golden.safetensors", metadata={"seed": str(seed), "transformers": transformers.__version__}
        )
        print(f"gguf-{name}: seed {seed}", flush=True)


if __name__ == "__main__":
    main()
