#!/usr/bin/env python3
"""Writes the fixture of SentencePiece's vocabularies: Tests/SpudTokensTests/Fixtures/Text/sentencepiece.json.

Trains a small one as those of Llama 2 and Mixtral were, and records the ids that the `sentencepiece` package gives to
the literals of text.py and, as hashes, to the first of its generated strings.

Run from the repository root, with sentencepiece 0.2.3 installed: .venv/bin/python Scripts/goldens/sentencepiece_text.py
"""

import io
import json

import sentencepiece
from text import FRAGMENTS, LITERALS, OUT, WORDS, Random, digest, strings

COUNT = 3000


def trained():
    model = io.BytesIO()
    random, words = Random(10), 20 * WORDS + FRAGMENTS
    texts = [" ".join(words[random.next(len(words))] for _ in range(12)).replace("\n", " ") for _ in range(3000)]
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts), model_writer=model, model_type="bpe", vocab_size=1000, character_coverage=0.98,
        byte_fallback=True,
        normalization_rule_name="identity", remove_extra_whitespaces=False, split_digits=True,
        allow_whitespace_only_pieces=True,
        num_threads=1, minloglevel=2)
    return sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())


def kind(processor, token):
    """GGUF's number for a kind of token."""
    return (
        2 if processor.is_unknown(token) else 3 if processor.is_control(token) else 6 if processor.is_byte(token) else 1
    )


def main():
    processor = trained()
    tokens = range(processor.vocab_size())
    fixture = {
        "tokens": [processor.id_to_piece(t) for t in tokens],
        "scores": [processor.get_score(t) for t in tokens],
        "types": [kind(processor, t) for t in tokens],
        "literals": [processor.encode(text) for text in LITERALS],
        "hashes": [digest(processor.encode(text)) for text in list(strings(COUNT, 2026))],
        "decoded": [processor.decode(processor.encode(text)) for text in LITERALS],
    }
    (OUT / "sentencepiece.json").write_text(json.dumps(fixture, ensure_ascii=True, separators=(",", ":")) + "\n")
    print(len(tokens), "tokens")


if __name__ == "__main__":
    main()
