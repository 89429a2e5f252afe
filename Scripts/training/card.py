#!/usr/bin/env python3
"""Writes a model's card from its run's own numbers: sizes, accuracy, budget, curves.

    card.py --run build/run --out Models/spud-nano --table table.md --codecs image.json residual.json audio.json
    card.py --run build/run-vision --out Models/pipeline/vision --kind vision

--table holds the table of skills that `spud compare --suite … --systems unified` prints.
"""

import argparse
import csv
import json
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from nano.checkpoint import read_model

ABOUT = {
    "unified": """# spud-nano

One small model that reads, sees, hears, watches, reasons, draws and speaks in a small world of coloured shapes and
spoken words. Text, pictures, sound and video are ids of one vocabulary, and the weights are a plain
`Qwen3MoeForCausalLM`.
""",
    "vision": """# vision

The eye of the pipelined baseline: a picture, or a frame of a video, to the fullest description that helps later
questions. Trained on the pictures of spud-nano's examples.
""",
    "hearing": """# hearing

The ear of the pipelined baseline: a recording, or a video's sound, to its transcript or description. Trained on the
recordings of spud-nano's examples.
""",
    "language": """# language

The voice of the pipelined baseline: it answers from texts alone. Trained on spud-nano's examples with each picture and
recording replaced by its true description, in the form in which `spud compare`'s pipelines write them.
""",
    "dense-active": """# dense-active

The dense control of spud-nano at the size that works on a token: the same model with one feed-forward as wide as the
two experts that a token is sent to. It began with spud-nano's weights, each layer's two busiest experts side by side as
its feed-forward (`densify.py`).
""",
    "dense-total": """# dense-total

The dense control of spud-nano at its whole size: the same model with one feed-forward as wide as all sixteen experts,
through which every token goes. It began with spud-nano's weights, each layer's experts side by side as its feed-forward
(`densify.py`).
""",
}
SCRIPTS = {"dense-active": "train_dense active", "dense-total": "train_dense total"}
LIMITS = """
## Limits

It knows only this world: 64x64 pictures of six shapes on light grey, printed words in a few fonts, the words of the
generator, clear synthetic speech of up to three seconds, tones, videos of one or two bouncing things. Anything else
gets a confident wrong answer. Where a table is low, so is the budget: the loss was still falling when the time was
over.
"""


def sizes(model) -> list[str]:
    c = model.c
    total = sum(t.numel() for t in model.parameters())
    idle = c.num_hidden_layers * (c.num_experts - c.num_experts_per_tok) * 3 * c.hidden_size * c.moe_intermediate_size
    return ["| | |", "|---|---|",
            f"| parameters | {total / 1e6:.2f} M" + (", all of which work on a token |" if c.num_experts == 1 else
            f", of which {(total - idle) / 1e6:.2f} M work on a token ({c.num_experts_per_tok} of {c.num_experts} "
            f"experts) |"),
            f"| layers, width, heads | {c.num_hidden_layers}, {c.hidden_size}, {c.num_attention_heads} of {c.head_dim} "
            f"({c.num_key_value_heads} for keys and values) |",
            f"| vocabulary | {c.vocab_size} ids: text, control, image codes, sound codes (`vocabulary.json`) |",
            "| weights | bfloat16, as trained |", ""]


def teacher_forced(run: Path) -> list[str]:
    """The last evaluation of the run, on held-out examples."""
    with open(run / "accuracy.csv", newline="") as f:
        rows = list(csv.reader(f))
    # a run that was given again when it was done has several of a task
    last = {r[3]: r for r in rows if r[0] == rows[-1][0]}
    return ["## Accuracy", "",
            "Whole texts right, word for word, thoughts and all, greedily, on held-out examples: other seeds, voices, "
            "speeds, fonts,",
            "and six colour-shape pairs that training never showed.", "", "| task | right | of |", "|---|---|---|"] + [
        f"| {task} | {100 * float(right):.1f} % | {count} |" for _, _, _, task, right, count in last.values()] + [""]


def experts(run: Path, count: int) -> list[str]:
    if not (run / "experts.json").exists():
        return []
    found = json.loads((run / "experts.json").read_text())
    special, load = (", ".join(f"{100 * x:.0f} %" for x in found[n]) for n in ("specialization", "largest_load"))
    return ["## Experts", "",
            "Do experts specialise by modality? For each expert, the share of its work that its commonest kind of "
            "token makes up (kinds weighted",
            f"alike: 25 % is no preference, 100 % is one kind only), averaged over a layer's experts, from the first "
            f"layer to the last: {special}.",
            f"The busiest expert of each layer gets {load} of the choices; an even share is {100 / count:.1f} %.", "",
            "![Experts chosen by kind of token](experts.png)", ""]


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--run", type=Path, required=True)
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--kind", choices=list(ABOUT), default="unified")
    p.add_argument("--table", type=Path, help="the table of skills, in Markdown")
    p.add_argument("--machine", default="two CPU cores", help="what it was trained on")
    p.add_argument("--note", default="", help="how this checkpoint's run differed from the recipe")
    p.add_argument("--codecs", type=Path, nargs="*", default=[], help="what `spud fit … --json` printed")
    a = p.parse_args()
    model = read_model(a.run)
    state = json.loads((a.run / "state.json").read_text())
    arguments = json.loads((a.run / "arguments.json").read_text())
    total = max(state["tokens"], json.loads((a.out / "training.json").read_text())["tokens"])
    several, own = total > state["tokens"], f"{state['tokens'] / 1e6:.1f} M"
    with open(a.run / "log.csv", newline="") as f:
        rows = list(csv.DictReader(f))
    for name in ("log.png", "experts.png"):
        if (a.run / name).exists():
            shutil.copy(a.run / name, a.out / name)
    if a.table:
        accuracy = ["## Accuracy", "",
                    "Greedy, on the 7,000 held-out examples of `Benchmarks/suites/world`: other seeds, voices, speeds "
                    "and fonts, and six",
                    "colour-shape pairs that training never showed. The 500 of handwriting are 360 pictures, the same "
                    "in every held-out set; most prompts of",
                    "speaking, and those of drawings of one thing, but for the six pairs, are training's too.",
                    f"`spud compare -m {a.out} --suite Benchmarks/suites/world --systems unified` prints this table.",
                    "", a.table.read_text().strip(), ""]
    else:
        accuracy = teacher_forced(a.run)
    codecs = []
    if a.codecs:
        image, residual, audio = (json.loads(path.read_text()) for path in a.codecs)
        codecs = ["## Codecs", "",
                  "Fitted to training examples (`spud fit`, `product_codes.py`, `residual_codes.py`), measured on "
                  "media kept aside.", "", "| | |", "|---|---|",
                  f"| pictures | 8x8 patches, {image['codes']:,} codes, of which {8 * image['outlines']:,} are "
                  f"{image['outlines']} outlines in eight colours: PSNR "
                  f"{image['psnr_db']:.2f} dB over all kinds of pictures |",
                  f"| fine print | {residual['residual_codes']:,} second codes, one more a patch, for what the first "
                  f"leave of pictures that they miss "
                  f"({residual['missed']} of {residual['of']}, nearly all of words): {residual['psnr_db_after']:.2f} "
                  f"dB for "
                  f"{residual['psnr_db_before']:.2f} |",
                  "| videos | the same codes, 64 codes a frame of 64x64 pixels |",
                  f"| sound | 40 ms frames, {audio['levels']} level of {audio['codes']:,} codes: log-spectral distance "
                  f"{audio['log_spectral_distance_db']:.2f} dB |", ""]
    scripts = "`Scripts/training/train_nano` makes" if a.kind == "unified" else \
        f"`Scripts/training/train_nano`, then `{SCRIPTS.get(a.kind, 'train_pipeline ' + a.kind)}`, make"
    recipe = ["## Data and recipe", "",
              scripts + " a model of this kind from nothing"
              + ("; this one had the tokens below in several runs, each on from the one before." if several else "."),
              "`Scripts/training/README.md` says what the examples are and what is held out of them. Loss is taken on "
              "the answers only.", "",
              ("The last run: " if several else "")
              + f"Muon (peak {arguments['muon']}) on the matrices and AdamW (peak {arguments['adam']}) on the rest, "
                f"warm-up, constant rate, and a decay over the",
              f"last {100 * float(arguments['decay']):.0f} %; a load-balance loss of",
              f"{arguments['balance']} and a z-loss of {arguments['z']}. Rows of coloured codes are functions of what "
              f"the codes show (`nano/codes.py`), and words of pairs",
              f"that training holds back are left out of the softmax "
              f"(`nano/unseen.py`).{' ' + a.note if a.note else ''}", "", "| budget | |", "|---|---|",
              f"| tokens seen | {f'{total / 1e6:.1f} M, {own} of them in the last run,' if several else own} in "
              f"{state['step']:,} steps |",
              f"| time{' of the last run' if several else ''} | {state['seconds'] / 60:.0f} minutes on {a.machine}, "
              f"{state['tokens'] / max(1.0, state['seconds']):,.0f} tokens a second |",
              f"| last loss | {rows[-1]['loss']} nats a weighted answer token |", "",
              "![Loss by modality and by skill](log.png)", ""]
    text = [ABOUT[a.kind], *sizes(model), *accuracy, *codecs, *recipe, *experts(a.run, model.c.num_experts)]
    (a.out / "README.md").write_text("\n".join(text).rstrip() + "\n" + LIMITS)


if __name__ == "__main__":
    main()
