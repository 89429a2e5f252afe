"""The weights under Hugging Face's names, and back."""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file

from .model import Config, Model, working_type


def huggingface_tensors(model: Model) -> dict[str, torch.Tensor]:
    """The weights under the names and in the shapes of Qwen3MoeForCausalLM; of Qwen3ForCausalLM where there is one
    expert only."""
    c, found = model.c, {}
    q, kv = c.num_attention_heads * c.head_dim, c.num_key_value_heads * c.head_dim
    found["model.embed_tokens.weight"] = model.embedding
    for i, layer in enumerate(model.layers):
        name = f"model.layers.{i}."
        found[name + "input_layernorm.weight"] = layer.norm1
        found[name + "post_attention_layernorm.weight"] = layer.norm2
        for part, rows in zip(("q_proj", "k_proj", "v_proj"), layer.qkv.split((q, kv, kv))):
            found[name + f"self_attn.{part}.weight"] = rows
        found[name + "self_attn.o_proj.weight"] = layer.o
        found[name + "self_attn.q_norm.weight"] = layer.q_norm
        found[name + "self_attn.k_norm.weight"] = layer.k_norm
        if c.num_experts > 1:
            found[name + "mlp.gate.weight"] = layer.router
        for e in range(c.num_experts):
            place = name + (f"mlp.experts.{e}." if c.num_experts > 1 else "mlp.")
            gate, up = layer.gate_up[e].chunk(2)
            found[place + "gate_proj.weight"] = gate
            found[place + "up_proj.weight"] = up
            found[place + "down_proj.weight"] = layer.down[e]
    found["model.norm.weight"] = model.norm
    found["lm_head.weight"] = model.head
    return {n: t.detach().to(torch.bfloat16).contiguous().clone() for n, t in found.items()}


def read_huggingface(folder: Path) -> Model:
    """The model of an exported directory, to go on training from."""
    config = json.loads((folder / "config.json").read_text())
    dense = "num_experts" not in config  # a mixture of one
    if dense:
        config |= {"num_experts": 1, "num_experts_per_tok": 1, "moe_intermediate_size": config["intermediate_size"]}
    model = Model(Config(**{n: config[n] for n in vars(Config()) if n in config})).to(working_type())
    stored = {n: t for path in sorted(folder.glob("model*.safetensors")) for n, t in load_file(path).items()}
    with torch.no_grad():
        model.embedding.copy_(stored["model.embed_tokens.weight"])
        model.norm.copy_(stored["model.norm.weight"])
        model.head.copy_(stored["lm_head.weight"])
        for i, layer in enumerate(model.layers):
            def of(name: str, i: int = i) -> torch.Tensor:
                return stored[f"model.layers.{i}.{name}.weight"]
            layer.norm1.copy_(of("input_layernorm"))
            layer.norm2.copy_(of("post_attention_layernorm"))
            layer.qkv.copy_(torch.cat([of(f"self_attn.{p}_proj") for p in "qkv"]))
            layer.o.copy_(of("self_attn.o_proj"))
            layer.q_norm.copy_(of("self_attn.q_norm"))
            layer.k_norm.copy_(of("self_attn.k_norm"))
            layer.router.copy_(torch.zeros_like(layer.router) if dense else of("mlp.gate"))
            for e in range(model.c.num_experts):
                place = "mlp" if dense else f"mlp.experts.{e}"
                layer.gate_up[e].copy_(torch.cat([of(f"{place}.{p}_proj") for p in ("gate", "up")]))
                layer.down[e].copy_(of(f"{place}.down_proj"))
    return model
