"""spud-long: Qwen3's dense layers with the embedding for a head, trained at positions that lie apart."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from nano.huggingface import read_huggingface  # noqa: E402
from nano.looks import Look  # noqa: E402
from nano.model import Config, Layer, Model, attention, rms  # noqa: E402
from torch import Tensor  # noqa: E402
from torch.utils.checkpoint import checkpoint  # noqa: E402

CONTEXT = 8192
SHORT = 768  # below, plain products take less time than a kernel that keeps no scores


def config(vocabulary: int, hidden: int = 192, layers: int = 4, inner: int = 384) -> Config:
    return Config(
        vocab_size=vocabulary, hidden_size=hidden, num_hidden_layers=layers, num_attention_heads=4,
        num_key_value_heads=2, head_dim=64, num_experts=1, num_experts_per_tok=1, moe_intermediate_size=inner,
        max_position_embeddings=CONTEXT, rope_theta=1_000_000.0)


class LongLayer(Layer):
    """One expert needs no router, and long rows have no room for scores in memory."""

    def weigh(self, q: Tensor, k: Tensor, v: Tensor, told: list[Look]) -> Tensor:
        groups = q.shape[2] // k.shape[2]
        self.missed = sum((t.loss(q[:, :, t.head], k[:, :, t.head // groups]) for t in told), torch.zeros(()))
        if q.shape[1] <= SHORT:
            return attention(q, k, v, None)
        groups = self.c.num_attention_heads // self.c.num_key_value_heads
        q, k, v = (t.transpose(1, 2) for t in (q, k, v))
        k, v = (t.repeat_interleave(groups, 1) for t in (k, v))
        return F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, told: list[Look]) -> tuple[Tensor, Tensor]:
        x = x + self.attend(x, cos, sin, told)
        h = rms(x, self.norm2, self.c.rms_norm_eps).to(self.gate_up.dtype)
        gate, up = F.linear(h, self.gate_up[0]).chunk(2, -1)
        return x + F.linear(F.silu(gate.float()).to(h.dtype) * up, self.down[0]), self.missed


class LongModel(Model):
    def __init__(self, c: Config):
        super().__init__(c)
        self.layers = torch.nn.ModuleList(LongLayer(c) for _ in range(c.num_hidden_layers))
        self.initialize()
        del self.head
        for layer in self.layers:
            layer.router.requires_grad_(False)
        with torch.no_grad():
            self.embedding.mul_(2 * c.hidden_size**-0.5)

    @torch.no_grad()
    def start_from(self, folder: Path) -> None:
        """Rows of another model's embedding, in as many principal components as fit: which codes are alike."""
        theirs = read_huggingface(folder).embedding.float()
        theirs = theirs - theirs.mean(0)
        _, _, axes = torch.linalg.svd(theirs, full_matrices=False)
        rows = theirs @ axes[:self.c.hidden_size].T
        self.embedding.copy_(rows / rows.std() * self.c.hidden_size**-0.5)

    def forward(self, tokens: Tensor, positions: Tensor, looks: list[Look] = ()) -> tuple[Tensor, Tensor]:
        """Normalized hidden states [B, L, H], and the loss of looks."""
        cos, sin = self.rotary(positions)
        x = F.embedding(tokens, self.embedding).float()
        missed = torch.zeros(())
        for number, layer in enumerate(self.layers):
            given = x, cos, sin, [look for look in looks if look.layer == number]
            x, more = checkpoint(layer, *given, use_reentrant=False) if tokens.shape[1] > 2048 else layer(*given)
            missed = missed + more
        return rms(x, self.norm, self.c.rms_norm_eps).to(self.embedding.dtype), missed
