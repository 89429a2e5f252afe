#!/usr/bin/env python3
"""Writes the model card from the run's own numbers: budget, curves, accuracy by task.

    card.py --run build/run --scores build/run/scores.json --out Models/spud-nano
"""

import argparse
import csv
import json
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from nano.checkpoint import read_model  # noqa: E402

EXAMPLES = {
    "see/colour": "what colour is the star?", "see/shape": "what shape is the red one?", "see/where": "where is the ring?",
    "see/count": "how many shapes?", "see/size": "how big is the cross?", "see/exists": "is there a red star?",
    "see/describe": "describe the picture. (every word right)", "hear/digits": "one to three spoken digits (all right)",
    "hear/phrase": "a spoken phrase (every word right)", "see-hear/colour": "a spoken question, and a picture",
    "see-hear/shape": "a spoken question, and a picture", "see-hear/where": "a spoken question, and a picture",
    "reason/plus": "what is 47 plus 25? (with its thought)", "reason/minus": "what is 52 minus 17? (with its thought)",
}


def skills_table(scores: dict) -> list[str]:
    lines = ["| task | for example | right | of |", "|---|---|---|---|"]
    for task, score in scores["tasks"].items():
        if task in EXAMPLES:
            lines.append(f"| {task} | {EXAMPLES[task]} | {100 * score['right']:.1f} % | {score['count']} |")
    for task, found in scores.get("words", {}).items():
        lines.append(f"| hear/{task}, word by word | | {100 * found['right'] / found['count']:.1f} % | {found['count']} words |")
    return lines


def drawing_table(d: dict) -> list[str]:
    lines = ["| drawing, as the detector finds it | right | of |", "|---|---|---|"]
    for name, right, count in (
            ("pictures with every thing right in colour, shape and place", "pictures right", "pictures"),
            ("things right in colour, shape and place", "objects right", "objects"),
            ("pictures with the right colours", "colour right", "pictures"),
            ("circles found as circles of the right colour", "circles right", "circles"),
            ("pictures of pairs that training never drew", "pictures of unseen pairs right", "pictures of unseen pairs")):
        if d.get(count):
            lines.append(f"| {name} | {100 * d.get(right, 0) / d[count]:.1f} % | {d[count]} |")
    return lines


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--run", type=Path, required=True)
    p.add_argument("--scores", type=Path, required=True)
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--machine", default="two CPU cores", help="what it was trained on")
    p.add_argument("--note", default="", help="a sentence on how this checkpoint's run differed from the recipe")
    p.add_argument("--codecs", type=Path, nargs="*", default=[], help="what `spud fit … --json` printed")
    a = p.parse_args()
    model, scores = read_model(a.run), json.loads(a.scores.read_text())
    state = json.loads((a.run / "state.json").read_text())
    arguments = json.loads((a.run / "arguments.json").read_text())
    c = model.c
    total = sum(t.numel() for t in model.parameters())
    idle = c.num_hidden_layers * (c.num_experts - c.num_experts_per_tok) * 3 * c.hidden_size * c.moe_intermediate_size
    with open(a.run / "log.csv", newline="") as f:
        rows = list(csv.DictReader(f))
    speed = state["tokens"] / max(1.0, state["seconds"])
    codecs = {k: f"{x:.2f}" if isinstance(x, float) else x for path in a.codecs for k, x in json.loads(path.read_text()).items()}
    for name in ("log.png", "experts.png"):
        if (a.run / name).exists():
            shutil.copy(a.run / name, a.out / name)
    experts = ""
    if (a.run / "experts.json").exists():
        found = json.loads((a.run / "experts.json").read_text())
        special = ", ".join(f"{100 * x:.0f} %" for x in found["specialization"])
        load = ", ".join(f"{100 * x:.0f} %" for x in found["largest_load"])
        experts = f"""
## Experts

Do experts specialise by modality? For each expert, the share of its work that its commonest kind of token makes up (kinds weighted
alike: 25 % is no preference, 100 % is one kind only), averaged over a layer's experts, from the first layer to the last: {special}.
The busiest expert of each layer gets {load} of the choices; an even share is {100 / c.num_experts:.1f} %.

![Experts chosen by kind of token](experts.png)
"""
    text = f"""# spud-nano

One small model that reads, sees, hears, draws and speaks in a small world of coloured shapes and spoken words. Text, pictures and sound are
ids of one vocabulary, and the weights are a plain `Qwen3MoeForCausalLM`.

| | |
|---|---|
| parameters | {total / 1e6:.2f} M, of which {(total - idle) / 1e6:.2f} M work on a token ({c.num_experts_per_tok} of {c.num_experts} experts) |
| layers, width, heads | {c.num_hidden_layers}, {c.hidden_size}, {c.num_attention_heads} of {c.head_dim} ({c.num_key_value_heads} for keys and values) |
| vocabulary | {c.vocab_size} ids: text, control, image codes, sound codes (`vocabulary.json`) |
| weights | bfloat16, as trained |

## Accuracy

Greedy, on held-out examples: other seeds, voices and speeds that training never heard, and six colour-shape pairs that it never saw.
A whole answer is right or wrong; the examples are made by `generate.py --split held-out --seed 777 --each 500 --short`.

{chr(10).join(skills_table(scores))}

{chr(10).join(drawing_table(scores["drawings"]))}

The command: `Scripts/training/evaluate.py --run RUN --model Models/spud-nano --examples HELD-OUT.jsonl --shard HELD-OUT.safetensors`.
`spud compare --suite Benchmarks/suites/world --systems unified` scores the exported model by the runtime on a smaller suite.

## Codecs

Fitted by `spud fit` to 3,000 training examples, measured on media kept aside.

| | |
|---|---|
| pictures | 8x8 patches, 1,024 codes: PSNR {codecs.get("psnr_db", "-")} dB |
| sound | 40 ms frames, two residual levels of 1,024 codes: log-spectral distance {codecs.get("log_spectral_distance_db", "-")} dB |

## Data and recipe

`Scripts/training/train_nano` makes this model from nothing. The examples are drawn and spoken by programs: pictures of one to three shapes
(six shapes, eight colours, two sizes, nine places), `espeak-ng` speech in {6 * 23} voices, and the questions about them; see
`Scripts/training/README.md` for what is held out. Loss is taken on the answers only.

Muon (peak {arguments["muon"]}) on the matrices and AdamW (peak {arguments["adam"]}) on the rest, warm-up, constant rate, and a decay over
the last {100 * float(arguments["decay"]):.0f} % of the time; embeddings of codes begin as their codebook's principal components; a load-balance loss of
{arguments["balance"]} and a z-loss of {arguments["z"]}.{" " + a.note if a.note else ""}

| budget | |
|---|---|
| tokens seen | {state["tokens"] / 1e6:.1f} M in {state["step"]:,} steps, {state["epochs"]:.1f} times over the examples |
| time | {state["seconds"] / 60:.0f} minutes on {a.machine}, {speed:,.0f} tokens a second |
| last loss | {rows[-1]["loss"]} nats a weighted answer token |

![Loss by modality and by skill](log.png)
{experts}
## Limits

Where the table is low, the model guesses among the things it sees: it looks where a typed question points more often than where a spoken
one does, and sums are beyond it.

It knows only this world: 64x64 pictures of the shapes above on light plain backgrounds, the words of the generator, clear synthetic
speech of up to three seconds. It does not read printed words, watch clips, or hear tones yet; drawings are of one or two shapes on one canvas;
it speaks single words in one voice. Anything else gets a confident wrong answer.
"""
    (a.out / "README.md").write_text(text)


if __name__ == "__main__":
    main()
