"""The tiny checkpoints that models.py makes: a case for every option of an architecture that changes what is
computed.
"""

LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
          "original_max_position_embeddings": 32}

# name: (model_type, options in the v4 spelling, how it is stored)
CASES = {
    # Longer than YaRN's original context, and than the window of every other layer.
    "gptoss": ("gpt_oss", dict(
        hidden_size=36, intermediate_size=20, num_hidden_layers=3, num_attention_heads=6, num_key_value_heads=2,
        head_dim=12, num_local_experts=5, num_experts_per_tok=2, vocab_size=61, rope_theta=100.0, rms_norm_eps=1e-5,
        max_position_embeddings=80, sliding_window=13, attention_bias=True,
        rope_scaling={"rope_type": "yarn", "factor": 5.0, "original_max_position_embeddings": 16, "beta_fast": 32.0,
                      "beta_slow": 1.0, "truncate": False}), dict(bf16=True)),
    "gptoss-own-settings": ("gpt_oss", dict(
        hidden_size=32, intermediate_size=24, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=4,
        head_dim=8, num_local_experts=4, num_experts_per_tok=3, vocab_size=64, rope_theta=1e3, rms_norm_eps=1e-6,
        max_position_embeddings=80, sliding_window=21, attention_bias=False, swiglu_limit=1.5, swiglu_alpha=1.2,
        layer_types=["full_attention", "sliding_attention", "sliding_attention"], tie_word_embeddings=True,
        rope_scaling={"rope_type": "yarn", "factor": 2.5, "original_max_position_embeddings": 32, "beta_fast": 2.0,
                      "beta_slow": 0.25}), dict(v5=True)),
    "qwen3moe-normalized": ("qwen3_moe", dict(
        hidden_size=36, intermediate_size=56, moe_intermediate_size=20, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=12, num_experts=5, num_experts_per_tok=2, norm_topk_prob=True, vocab_size=67,
        rope_theta=1e6, rms_norm_eps=1e-6, mlp_only_layers=[], decoder_sparse_step=1,
        max_position_embeddings=128,
        eos_token_id=66), dict(generation={"eos_token_id": [66, 65], "temperature": 0.7, "top_k": 20, "top_p": 0.8})),
    "qwen3moe-sparse-step": ("qwen3_moe", dict(
        hidden_size=32, intermediate_size=48, moe_intermediate_size=16, num_hidden_layers=4, num_attention_heads=4,
        num_key_value_heads=1, head_dim=8, num_experts=5, num_experts_per_tok=3, norm_topk_prob=False, vocab_size=64,
        rope_theta=1e4, rms_norm_eps=1e-6, mlp_only_layers=[], decoder_sparse_step=2, max_position_embeddings=96,
        tie_word_embeddings=True), dict(bf16=True, fused=True, v5=True)),
    "qwen3moe-dense-layers": ("qwen3_moe", dict(
        hidden_size=32, intermediate_size=40, moe_intermediate_size=16, num_hidden_layers=3, num_attention_heads=4,
        num_key_value_heads=4, head_dim=6, num_experts=4, num_experts_per_tok=1, norm_topk_prob=False, vocab_size=64,
        rope_theta=1e4, rms_norm_eps=1e-5, mlp_only_layers=[1], decoder_sparse_step=1, max_position_embeddings=80,
        attention_bias=True), dict(shards=3)),
    "olmoe-clipped": ("olmoe", dict(
        hidden_size=32, intermediate_size=16, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=4,
        num_experts=8, num_experts_per_tok=3, norm_topk_prob=False, clip_qkv=0.75, vocab_size=64, rope_theta=1e4,
        rms_norm_eps=1e-5, max_position_embeddings=80), dict(bf16=True)),
    "olmoe-normalized": ("olmoe", dict(
        hidden_size=36, intermediate_size=20, num_hidden_layers=2, num_attention_heads=6, num_key_value_heads=2,
        num_experts=7, num_experts_per_tok=2, norm_topk_prob=True, vocab_size=61, rope_theta=5e3, rms_norm_eps=1e-5,
        max_position_embeddings=80, tie_word_embeddings=True), dict(fused=True, v5=True)),
    "mixtral": ("mixtral", dict(
        hidden_size=32, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        num_local_experts=4, num_experts_per_tok=2, vocab_size=64, rope_theta=1e6, rms_norm_eps=1e-5,
        max_position_embeddings=80, sliding_window=None), dict(bf16=True, shards=2)),
    "mixtral-fused": ("mixtral", dict(
        hidden_size=24, intermediate_size=20, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        head_dim=10, num_local_experts=5, num_experts_per_tok=2, vocab_size=48, rope_theta=1e4, rms_norm_eps=1e-5,
        max_position_embeddings=80, tie_word_embeddings=True), dict(fused=True, v5=True)),
    "qwen3-tied": ("qwen3", dict(
        hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        head_dim=16, vocab_size=64, rope_theta=1e6, rms_norm_eps=1e-6, max_position_embeddings=80,
        tie_word_embeddings=True), dict(bf16=True)),
    "qwen3-biased": ("qwen3", dict(
        hidden_size=28, intermediate_size=36, num_hidden_layers=2, num_attention_heads=7, num_key_value_heads=1,
        head_dim=4, vocab_size=53, rope_theta=1e4, rms_norm_eps=1e-6, max_position_embeddings=80,
        attention_bias=True), dict(v5=True)),
    "qwen2-untied": ("qwen2", dict(
        hidden_size=28, intermediate_size=36, num_hidden_layers=2, num_attention_heads=7, num_key_value_heads=1,
        vocab_size=53, rope_theta=1e6, rms_norm_eps=1e-6, max_position_embeddings=96, use_sliding_window=False,
        sliding_window=32, max_window_layers=1), dict()),
    "qwen2-tied": ("qwen2", dict(
        hidden_size=32, intermediate_size=48, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2,
        vocab_size=64, rope_theta=1e4, rms_norm_eps=1e-5, max_position_embeddings=80, tie_word_embeddings=True),
        dict(bf16=True, v5=True)),
    "llama-scaled": ("llama", dict(
        hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        vocab_size=64, rope_theta=5e5, rms_norm_eps=1e-5, max_position_embeddings=256, rope_scaling=LLAMA3,
        head_dim=16), dict(bf16=True)),
    "llama-biased": ("llama", dict(
        hidden_size=30, intermediate_size=44, num_hidden_layers=2, num_attention_heads=3, num_key_value_heads=3,
        vocab_size=59, rope_theta=1e4, rms_norm_eps=1e-6, max_position_embeddings=128, attention_bias=True,
        rope_scaling={"rope_type": "linear", "factor": 2.0}, tie_word_embeddings=True), dict(v5=True)),
    "llama-mlp-biased": ("llama", dict(
        hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        head_dim=6, vocab_size=56, rope_theta=1e4, rms_norm_eps=1e-6, max_position_embeddings=96, mlp_bias=True),
        dict()),
    # Longer than they were trained for: the goldens are exactly as long as the context.
    "llama-yarn": ("llama", dict(
        hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        vocab_size=64, rope_theta=1e4, rms_norm_eps=1e-5, max_position_embeddings=80, head_dim=16,
        rope_scaling={"rope_type": "yarn", "factor": 5.0, "original_max_position_embeddings": 16, "beta_fast": 2.0,
                      "beta_slow": 0.25}), dict()),
    "qwen3-yarn": ("qwen3", dict(
        hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        head_dim=16, vocab_size=64, rope_theta=1e6, rms_norm_eps=1e-6, max_position_embeddings=80,
        rope_scaling={"rope_type": "yarn", "factor": 2.5, "original_max_position_embeddings": 32, "truncate": False,
                      "attention_factor": 1.3}), dict(v5=True)),
    "llama-longrope": ("llama", dict(
        hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        vocab_size=64, rope_theta=1e4, rms_norm_eps=1e-5, max_position_embeddings=80, head_dim=8,
        rope_scaling={"rope_type": "longrope", "original_max_position_embeddings": 32,
                      "short_factor": [1.0, 1.1, 1.2, 1.3], "long_factor": [1.0, 1.5, 2.2, 3.1], "factor": 2.5}),
        dict(v5=True)),
    "llama-dynamic": ("llama", dict(
        hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        vocab_size=64, rope_theta=1e4, rms_norm_eps=1e-5, max_position_embeddings=40, head_dim=8,
        rope_scaling={"rope_type": "dynamic", "factor": 2.0}), dict()),
    "qwen2-window": ("qwen2", dict(
        hidden_size=32, intermediate_size=48, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2,
        vocab_size=64, rope_theta=1e4, rms_norm_eps=1e-5, max_position_embeddings=96, use_sliding_window=True,
        sliding_window=13, max_window_layers=1), dict()),
    "mixtral-window": ("mixtral", dict(
        hidden_size=32, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        num_local_experts=4, num_experts_per_tok=2, vocab_size=64, rope_theta=1e6, rms_norm_eps=1e-5,
        max_position_embeddings=80, sliding_window=21), dict(fused=True, v5=True)),
}

# name of a GGUF file: (the case it is made from, the type of its matrices); widths must be whole blocks of that type.
GGUF_CASES = {
    "gptoss-mxfp4": ("gpt_oss", dict(
        hidden_size=64, intermediate_size=32, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        head_dim=16, num_local_experts=4, num_experts_per_tok=2, vocab_size=64, rope_theta=100.0, rms_norm_eps=1e-5,
        max_position_embeddings=80, sliding_window=13, attention_bias=True,
        rope_scaling={"rope_type": "yarn", "factor": 5.0, "original_max_position_embeddings": 16, "beta_fast": 32.0,
                      "beta_slow": 1.0, "truncate": False}), "MXFP4"),
    "qwen3moe-f32": ("qwen3_moe", dict(
        hidden_size=32, intermediate_size=64, moe_intermediate_size=32, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=16, num_experts=4, num_experts_per_tok=2, norm_topk_prob=True, vocab_size=64,
        rope_theta=1e6, rms_norm_eps=1e-6, mlp_only_layers=[], decoder_sparse_step=1,
        max_position_embeddings=96), "F32"),
    "olmoe-q8_0": ("olmoe", dict(
        hidden_size=32, intermediate_size=32, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=4,
        num_experts=4, num_experts_per_tok=2, norm_topk_prob=False, vocab_size=64, rope_theta=1e4, rms_norm_eps=1e-5,
        max_position_embeddings=96), "Q8_0"),
    "mixtral-q4_0": ("mixtral", dict(
        hidden_size=64, intermediate_size=32, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        num_local_experts=4, num_experts_per_tok=2, vocab_size=64, rope_theta=1e6, rms_norm_eps=1e-5,
        max_position_embeddings=96), "Q4_0"),
    "llama-bf16": ("llama", dict(
        hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        vocab_size=64, rope_theta=5e5, rms_norm_eps=1e-5, max_position_embeddings=256, rope_scaling=LLAMA3), "BF16"),
    "qwen3-f16": ("qwen3", dict(
        hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        head_dim=16, vocab_size=64, rope_theta=1e6, rms_norm_eps=1e-6, max_position_embeddings=96,
        tie_word_embeddings=True), "F16"),
    "qwen2-f32": ("qwen2", dict(
        hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        vocab_size=64, rope_theta=1e6, rms_norm_eps=1e-6, max_position_embeddings=96), "F32"),
}

ARCHITECTURES = {"gpt_oss": "GptOssForCausalLM",
                 "qwen3_moe": "Qwen3MoeForCausalLM", "olmoe": "OlmoeForCausalLM", "mixtral": "MixtralForCausalLM",
                 "qwen3": "Qwen3ForCausalLM", "qwen2": "Qwen2ForCausalLM", "llama": "LlamaForCausalLM"}

# What GGUF calls an architecture: Mixtral is a llama with experts there.
GGUF_ARCHITECTURES = {"gpt_oss": "gpt-oss",
                      "qwen3_moe": "qwen3moe", "olmoe": "olmoe", "mixtral": "llama", "qwen3": "qwen3", "qwen2": "qwen2",
                      "llama": "llama"}
