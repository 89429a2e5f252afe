#!/usr/bin/env python3
"""Writes tokenizer.json and vocabulary.json: the one flat range of ids of the stream.

    make_tokenizer.py --examples build/world/train/examples.jsonl --out DIR

Byte-level BPE with Qwen2's pre-tokenizer, trained on the world's own text; then control tokens, image codes and sound
codes as added tokens, in that order. The text is the examples' and WORDS, which holds what later skills say, so that
the ids need not change for them.
"""

import argparse
import json
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

QWEN2 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|"
         r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
CONTROL = ["<pad>", "<bos>", "<end>", "<user>", "<assistant>", "<image>", "</image>", "<audio>", "</audio>", "<video>",
           "</video>", "<frame>", "<think>", "</think>"] + [f"<size:{i}>" for i in range(1, 33)]
WORDS = """
zero one two three four five six seven eight nine ten eleven twelve first second third fourth last next
red orange yellow green cyan blue purple pink black white grey brown circle circles square squares triangle triangles \
star stars cross
crosses ring rings shape shapes object objects colour color size big small bigger smaller biggest smallest large
top bottom left right middle above below between beside under over near far corner wall walls edge
what which where who when how many much is are was were there a an the of to in on at and or not no yes it its this \
that than then
describe draw say write read count listen watch answer transcribe picture image drawing recording sound sounds tone \
tones beep beeps
word words letter letters number numbers digit digits question said asked hear heard see seen hit hits made make \
makes will would be
higher lower rising falling rises falls same different both neither move moves moving bounce bounces collide collides \
collision
frame frames before after now start end begin stop go turn up down double half add subtract plus minus times equals \
take give
get put set hello thanks thank you please can do i me my your we he she they them his her with without from for by as if
think so because step steps still left-over result sum difference value a is 3; add 4; double it
"""


def texts(paths: list[str]):
    for path in paths:
        with open(path, encoding="utf-8") as f:
            for line in f:
                for turn in json.loads(line)["turns"]:
                    for part in turn["parts"]:
                        for kind in ("text", "thought"):
                            if kind in part:
                                yield part[kind]
    for _ in range(20):
        for line in WORDS.strip().splitlines():
            words = line.split()
            yield line
            yield from words


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", nargs="*", default=[])
    parser.add_argument("--out", required=True)
    parser.add_argument("--text", type=int, default=1024, help="text ids, the 256 bytes among them")
    parser.add_argument("--pieces", type=Path,
                        help="a tokenizer.json whose text pieces to keep, instead of learning some")
    parser.add_argument("--image", type=int, default=2048, help="image codes")
    parser.add_argument("--residual", type=int, default=0, help="second codes of pictures that the image codes miss")
    parser.add_argument("--levels", type=int, default=1, help="levels of sound codes")
    parser.add_argument("--codes", type=int, default=1024, help="sound codes a level")
    a = parser.parse_args()

    learned = json.loads(a.pieces.read_text())["model"] if a.pieces else None
    tokenizer = Tokenizer(models.BPE(learned["vocab"], [tuple(m) for m in learned["merges"]]) if learned
                          else models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(QWEN2), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=a.text, min_frequency=2, show_progress=False,
                                  initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()))
    if not learned:
        tokenizer.train_from_iterator(texts(a.examples), trainer)
    count = tokenizer.get_vocab_size()
    spelled = CONTROL + [f"<i:{i}>" for i in range(a.image)] + [
        f"<a{level}:{i}>" for level in range(a.levels) for i in range(a.codes)]
    spelled += [f"<r:{i}>" for i in range(a.residual)]
    tokenizer.add_special_tokens([AddedToken(s, special=True, normalized=False) for s in spelled])
    if any(tokenizer.token_to_id(s) != count + i for i, s in enumerate(spelled)):
        raise SystemExit("the added tokens are not in order")

    out = Path(a.out)
    out.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(out / "tokenizer.json"), pretty=False)
    image = count + len(CONTROL)
    vocabulary = {
        "schema": 1, "text": {"first": 0, "count": count}, "control": {"first": count, "tokens": CONTROL},
        "image": {"first": image, "count": a.image, "patch": 8},
        "audio": {"first": image + a.image, "levels": a.levels, "codes_per_level": a.codes, "frames_per_second": 25},
    }
    if a.residual:
        vocabulary["image"]["residual"] = {"first": image + a.image + a.levels * a.codes, "count": a.residual}
    (out / "vocabulary.json").write_text(json.dumps(vocabulary, indent=2) + "\n")
    print(f"{count} text ids, {tokenizer.get_vocab_size()} in all: {out}")


if __name__ == "__main__":
    main()
