"""A text-only checkpoint of random weights: it can be made to call tools and to follow a schema, and knows nothing."""

import json
import struct
import sys
from pathlib import Path

import numpy as np

TEMPLATE = """{%- if tools %}<|im_start|>system
{%- if messages[0].role == 'system' %}

{{ messages[0].content }}
{%- endif %}

# Tools
<tools>
{%- for tool in tools %}
{{ tool | tojson }}
{%- endfor %}
</tools>
Call one as <tool_call>
{"name": <name>, "arguments": <arguments>}
</tool_call><|im_end|>
{% elif messages[0].role == 'system' %}<|im_start|>system
{{ messages[0].content }}<|im_end|>
{% endif %}
{%- for message in messages %}
{%- if message.role == 'user' or message.role == 'assistant' %}<|im_start|>{{ message.role }}
{{ message.content }}
{%- for call in message.tool_calls or [] %}
<tool_call>
{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}
</tool_call>
{%- endfor %}<|im_end|>
{% elif message.role == 'tool' %}<|im_start|>user
<tool_response>
{{ message.content }}
</tool_response><|im_end|>
{% endif %}
{%- endfor %}
{%- if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""

ADDED = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]


def byte_characters():
    """GPT-2's character for each byte."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    characters, extra = {}, 0
    for byte in range(256):
        if byte in printable:
            characters[byte] = chr(byte)
        else:
            characters[byte] = chr(256 + extra)
            extra += 1
    return characters


def write_safetensors(path, tensors):
    header, offset = {}, 0
    for name, tensor in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [offset, offset + tensor.nbytes]}
        offset += tensor.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            file.write(np.ascontiguousarray(tensor, "<f4").tobytes())


def write_slow_model(directory):
    """A checkpoint of zeros that takes a while to load, though its file, which has holes, takes no room."""
    directory = write_model(directory)
    config = json.loads((directory / "config.json").read_text())
    config["intermediate_size"] = inner = 1 << 18
    (directory / "config.json").write_text(json.dumps(config))
    path = directory / "model.safetensors"
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    offset = 0
    for name, tensor in header.items():
        if ".mlp." in name:
            tensor["shape"] = [config["hidden_size"], inner] if "down" in name else [inner, config["hidden_size"]]
        length = 4 * int(np.prod(tensor["shape"]))
        tensor["data_offsets"], offset = [offset, offset + length], offset + length
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + offset)
    return directory


def write_model(directory, width=64, layers=2, context=32768, seed=1):
    """Writes the checkpoint and returns its directory."""
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    heads, head, inner, count = 4, 32, 128, 256 + len(ADDED)
    count += -count % 32

    def matrix(rows, columns):
        return (rng.standard_normal((rows, columns)) / np.sqrt(columns)).astype(np.float32)

    tensors = {"model.embed_tokens.weight": matrix(count, width) * 8, "model.norm.weight": np.ones(width, np.float32)}
    for layer in range(layers):
        name = f"model.layers.{layer}."
        for norm in ("input_layernorm", "post_attention_layernorm"):
            tensors[f"{name}{norm}.weight"] = np.ones(width, np.float32)
        for norm in ("q_norm", "k_norm"):
            tensors[f"{name}self_attn.{norm}.weight"] = np.ones(head, np.float32)
        for projection, rows, columns in [
            ("q_proj", heads * head, width), ("k_proj", heads * head, width), ("v_proj", heads * head, width),
            ("o_proj", width, heads * head)]:
            tensors[f"{name}self_attn.{projection}.weight"] = matrix(rows, columns)
        for projection, rows, columns in [
            ("gate_proj", inner, width), ("up_proj", inner, width), ("down_proj", width, inner)]:
            tensors[f"{name}mlp.{projection}.weight"] = matrix(rows, columns)
    tensors["lm_head.weight"] = matrix(count, width)
    write_safetensors(directory / "model.safetensors", tensors)

    config = {
        "architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "vocab_size": count, "hidden_size": width,
        "intermediate_size": inner, "num_hidden_layers": layers, "num_attention_heads": heads,
        "num_key_value_heads": heads, "head_dim": head, "hidden_act": "silu", "rms_norm_eps": 1e-6,
        "rope_theta": 10000.0, "max_position_embeddings": context, "tie_word_embeddings": False,
        "attention_bias": False, "torch_dtype": "float32", "bos_token_id": None, "eos_token_id": 258}
    (directory / "config.json").write_text(json.dumps(config))
    vocabulary = {character: byte for byte, character in byte_characters().items()}
    added = [
        {"id": 256 + index, "content": content, "single_word": False, "lstrip": False, "rstrip": False,
         "normalized": False, "special": True} for index, content in enumerate(ADDED)]
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    tokenizer = {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": None,
        "pre_tokenizer": byte_level, "post_processor": None, "decoder": byte_level,
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                  "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "vocab": vocabulary,
                  "merges": []}}
    (directory / "tokenizer.json").write_text(json.dumps(tokenizer))
    (directory / "tokenizer_config.json").write_text(
        json.dumps({"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>", "chat_template": TEMPLATE}))
    return directory


if __name__ == "__main__":
    print(write_model(sys.argv[1]))
