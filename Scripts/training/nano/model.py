"""Qwen3-MoE in plain PyTorch, arranged for training speed and exported under Hugging Face's names.

The arithmetic is that of `transformers`' Qwen3MoeForCausalLM (export.py checks the logits of both). What differs is the
layout: q, k and v are one matrix, an expert's gate and up are one matrix, the experts of a layer are one tensor whose
product is grouped over tokens sorted by expert, and the head is applied only where a loss is taken.
"""

from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LONGEST = 1024  # tokens of an example in a packed row on a GPU
BLOCK = 64  # rows by which an expert's part of a batch is rounded up


def working_type(device: torch.device | None = None) -> torch.dtype:
    """What to compute products in: bfloat16 where the processor multiplies it, float32 elsewhere, which is ten times as
    fast there."""
    able = torch.cpu.get_capabilities()
    is_fast = any(able.get(n) for n in ("avx512_bf16", "amx_bf16", "bf16"))
    return torch.bfloat16 if is_fast or device is not None and device.type == "cuda" else torch.float32


@dataclass
class Config:
    """Sizes of the model; the names are those of Hugging Face's config.json."""

    vocab_size: int = 2560
    hidden_size: int = 256
    num_hidden_layers: int = 6
    num_attention_heads: int = 4
    num_key_value_heads: int = 2
    head_dim: int = 64
    num_experts: int = 16
    num_experts_per_tok: int = 2
    moe_intermediate_size: int = 96
    max_position_embeddings: int = 2048
    rope_theta: float = 10000.0
    rms_norm_eps: float = 1e-6

    def huggingface(self, ids: dict[str, int]) -> dict:
        """The config.json of this model; `ids` are the vocabulary's control tokens by name."""
        common = {
            "dtype": "bfloat16", "torch_dtype": "bfloat16", "hidden_act": "silu", "attention_bias": False,
            "attention_dropout": 0.0,
            "intermediate_size": self.moe_intermediate_size, "tie_word_embeddings": False, "use_sliding_window": False,
            "sliding_window": None, "max_window_layers": 0, "rope_scaling": None,
            "rope_parameters": {"rope_type": "default", "rope_theta": self.rope_theta}, "initializer_range": 0.02,
            "use_cache": True,
            "bos_token_id": ids["<bos>"], "eos_token_id": ids["<end>"], "pad_token_id": ids["<pad>"],
        }
        if self.num_experts == 1:  # a mixture of one is a dense model
            sizes = {n: x for n,
                     x in asdict(self).items()
                     if n not in ("num_experts", "num_experts_per_tok", "moe_intermediate_size")}
            return sizes | {"architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3"} | common
        return asdict(self) | {
            "architectures": ["Qwen3MoeForCausalLM"], "model_type": "qwen3_moe", "norm_topk_prob": True,
            "decoder_sparse_step": 1,
            "mlp_only_layers": [], "output_router_logits": False, "router_aux_loss_coef": 0.001} | common


def rms(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    """RMSNorm over the last axis, in float32."""
    x = x.float()
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + eps) * weight.float()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary positions, half by half. x: [B, L, heads, D]; cos, sin: [L, D/2] or [B, L, D/2]."""
    a, b = x.chunk(2, -1)
    cos, sin = cos[..., None, :], sin[..., None, :]
    return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)


def attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
    """q: [B, L, heads, D]; k, v: [B, L, kv heads, D] -> [B, L, heads, D].

    mask: [B, L, L], true where a row may look; or [N + 1], where the N examples of a packed row begin and end; or None:
      all before it.
    """
    if q.is_cuda:
        k, v = (x.repeat_interleave(q.shape[2] // k.shape[2], 2) for x in (k, v))
        if mask is not None and mask.dim() == 1:
            y = torch.ops.aten._flash_attention_forward(q[0], k[0], v[0], mask, mask, LONGEST, LONGEST, 0.0, True,
                                                        False)[0]
            return y[None]
        y = F.scaled_dot_product_attention(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2),
                                           attn_mask=None if mask is None else mask[:, None], is_causal=mask is None)
        return y.transpose(1, 2)
    # On a CPU plain products, a block of queries at a time with the keys up to its end, take half the time of the flash
    # kernel.
    (b, length, heads, d), groups = q.shape, q.shape[2] // k.shape[2]
    keys, values = k.permute(0, 2, 3, 1), v.transpose(1, 2)
    step, done = -(-length // 128) * 32, []
    for first in range(0, length, step):
        end = min(length, first + step)
        n = end - first
        block = q[:, first:end].view(b, n, -1, groups, d).permute(0, 2, 3, 1, 4).reshape(b, -1, groups * n, d)
        scores = (block @ keys[..., :end]).view(b, -1, groups, n, end).float() * d ** -0.5
        looks = (
            torch.ones(n, end, dtype=torch.bool).tril(first) if mask is None else mask[:, None, None, first:end, :end]
        )
        # Queries and keys are normalized, so a softmax needs no maximum: two passes fewer. The clamp is for the day
        # when they are long.
        weights = torch.where(looks, scores.clamp(-60, 60).exp(), 0)
        y = (weights.to(v.dtype).view(b, -1, groups * n, end) @ values[:, :, :end]).view(b, -1, groups, n, d)
        y = (y.float() / weights.sum(-1, keepdim=True)).to(v.dtype)
        done.append(y.permute(0, 3, 1, 2, 4).reshape(b, n, heads, d))
    return torch.cat(done, 1)


def blocks(chosen: Tensor, experts: int) -> tuple[Tensor, Tensor, Tensor]:
    """Rows sorted by expert. chosen: [T, k] -> each row's token [rows], each choice's row [T k], each expert's end
    [experts].

    Each expert has whole blocks of rows: a CPU's library compiles a kernel for every new number of rows, a fifth of a
    step. Rows that no choice stands in are copies of token 0, which nothing reads.
    """
    each, chosen = chosen.shape[1], chosen.flatten()
    choices = torch.arange(len(chosen), device=chosen.device)
    count = F.one_hot(chosen, experts).sum(0)
    padding = -count % BLOCK
    order = chosen.argsort(stable=True)
    place = torch.empty_like(order)
    place[order] = choices + (padding.cumsum(0) - padding)[chosen[order]]
    rows = -(-len(chosen) // BLOCK) * BLOCK + (experts - 1) * BLOCK  # the most that whole blocks can come to
    ends = torch.cat(((count + padding).cumsum(0)[:-1], count.new_full((1,), rows))).to(torch.int32)
    source = order.new_zeros(rows)
    source[place] = choices // each
    return source, place, ends


def products(x: Tensor, experts: Tensor, ends: Tensor) -> Tensor:
    """Each expert's rows times its matrix. x: [R, K], experts: [E, K, N], ends: [E] -> [R, N]."""
    if len(experts) == 1:
        return x @ experts[0]
    return torch._grouped_mm(x, experts, offs=ends) if x.dtype == torch.bfloat16 else apart(x, experts, ends)


@torch._dynamo.disable  # the compiler takes a grouped product of bfloat16 only
def apart(x: Tensor, experts: Tensor, ends: Tensor) -> Tensor:
    return torch._grouped_mm(x, experts, offs=ends)


class Layer(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.c = c
        wide = (c.num_attention_heads + 2 * c.num_key_value_heads) * c.head_dim
        self.qkv = nn.Parameter(torch.empty(wide, c.hidden_size))
        self.o = nn.Parameter(torch.empty(c.hidden_size, c.num_attention_heads * c.head_dim))
        self.router = nn.Parameter(torch.empty(c.num_experts, c.hidden_size))
        self.gate_up = nn.Parameter(torch.empty(c.num_experts, 2 * c.moe_intermediate_size, c.hidden_size))
        self.down = nn.Parameter(torch.empty(c.num_experts, c.hidden_size, c.moe_intermediate_size))
        self.norm1 = nn.Parameter(torch.ones(c.hidden_size))
        self.norm2 = nn.Parameter(torch.ones(c.hidden_size))
        self.q_norm = nn.Parameter(torch.ones(c.head_dim))
        self.k_norm = nn.Parameter(torch.ones(c.head_dim))

    def attend(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor | None) -> Tensor:
        """x: [B, L, H], mask: [B, L, L] or None -> [B, L, H]."""
        c, (b, length, _) = self.c, x.shape
        h = rms(x, self.norm1, c.rms_norm_eps).to(self.qkv.dtype)
        q, k, v = F.linear(h, self.qkv).view(b, length, -1, c.head_dim).split(
            (c.num_attention_heads, c.num_key_value_heads, c.num_key_value_heads), 2)
        q = rotate(rms(q, self.q_norm, c.rms_norm_eps), cos, sin).to(h.dtype)
        k = rotate(rms(k, self.k_norm, c.rms_norm_eps), cos, sin).to(h.dtype)
        return F.linear(self.weigh(q, k, v, mask).reshape(b, length, -1), self.o)

    def weigh(self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
        """q: [B, L, heads, D], k and v with fewer heads -> what each query attends to, as q."""
        return attention(q, k, v, mask)

    def mix(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The mixture of experts. x: [B, L, H] -> ([B, L, H], router logits [T, E], experts chosen [T, k])."""
        c, shape = self.c, x.shape
        h = rms(x, self.norm2, c.rms_norm_eps).to(self.gate_up.dtype).view(-1, c.hidden_size)
        logits = F.linear(h, self.router).float()
        weight, chosen = logits.softmax(-1).topk(c.num_experts_per_tok, -1)
        weight = weight / weight.sum(-1, keepdim=True)
        source, place, ends = blocks(chosen, c.num_experts)
        inner = products(h.index_select(0, source), self.gate_up.mT, ends)
        gate, up = inner.chunk(2, -1)
        inner = (F.silu(gate.float()) * up.float()).to(h.dtype)
        y = products(inner, self.down.mT, ends)
        y = (y.index_select(0, place).view(-1, c.num_experts_per_tok, c.hidden_size).float() * weight[..., None]).sum(1)
        return y.view(shape), logits, chosen

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        x = x + self.attend(x, cos, sin, mask)
        y, logits, chosen = self.mix(x)
        return x + y, logits, chosen


class Model(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.c = c
        self.embedding = nn.Parameter(torch.empty(c.vocab_size, c.hidden_size))
        self.layers = nn.ModuleList(Layer(c) for _ in range(c.num_hidden_layers))
        self.norm = nn.Parameter(torch.ones(c.hidden_size))
        self.head = nn.Parameter(torch.zeros(c.vocab_size, c.hidden_size))
        self.initialize()

    @torch.no_grad()
    def initialize(self) -> None:
        """Scaled normal matrices; what writes to the residual stream starts small, the head at zero."""
        nn.init.normal_(self.embedding, std=0.5)
        for layer in self.layers:
            for p, scale in ((layer.qkv, 1.0), (layer.o, 0.3), (layer.router, 0.3), (layer.gate_up, 1.0),
                             (layer.down, 0.3)):
                nn.init.normal_(p, std=scale * p.shape[-1] ** -0.5)

    def rotary(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        half = self.c.head_dim // 2
        angle = positions.float()[..., None] * self.c.rope_theta ** (
            -torch.arange(half, device=positions.device).float() / half
        )
        return angle.cos(), angle.sin()

    def trunk(self, tokens: Tensor, segments: Tensor | None = None, packed: tuple[Tensor, Tensor] | None = None,
              seen: list[Tensor] | None = None) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        """tokens: [B, L] -> normalized hidden states [B, L, H], and each layer's router logits and choices.

        segments: [B, L], the number of the example in its row, where rows have several; a token sees only its own.
          Rotary positions are relative, so an example that begins late in its row is the same example.
        packed: for a GPU and a row that holds all examples, in place of segments: where these begin and end [N + 1],
          and each token's place in its own [1, L].
        seen: takes up each layer's output, [B, L, H].
        """
        length, mask, positions = tokens.shape[1], None, torch.arange(tokens.shape[1], device=tokens.device)
        if packed is not None:
            mask, positions = packed
        elif segments is not None:
            mask = torch.ones(length, length, dtype=torch.bool,
                              device=tokens.device).tril() & (segments[:, :, None] == segments[:, None, :])
        cos, sin = self.rotary(positions)
        x = F.embedding(tokens, self.embedding).float()
        routers, choices = [], []
        for layer in self.layers:
            x, logits, chosen = layer(x, cos, sin, mask)
            routers.append(logits)
            choices.append(chosen)
            if seen is not None:
                seen.append(x)
        return rms(x, self.norm, self.c.rms_norm_eps).to(self.head.dtype), routers, choices

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits at every position: [B, L] -> [B, L, V]."""
        return F.linear(self.trunk(tokens)[0], self.head).float()


def balance_loss(routers: list[Tensor], choices: list[Tensor], real: Tensor) -> tuple[Tensor, Tensor]:
    """Switch's load-balance loss (1 when even) and the router's z-loss, averaged over layers. real: [T], which tokens
    count."""
    balance = z = 0.0
    share = real.float() / real.sum()
    for logits, chosen in zip(routers, choices):
        experts = logits.shape[-1]
        load = torch.zeros(experts, device=logits.device).index_add_(
            0, chosen.reshape(-1), share.repeat_interleave(chosen.shape[-1])) / chosen.shape[-1]
        balance = balance + experts * (load * (logits.softmax(-1) * share[:, None]).sum(0)).sum()
        z = z + (logits.logsumexp(-1).square() * share).sum()
    return balance / len(routers), z / len(routers)
