#!/usr/bin/env python3
"""Writes the seeds of the fuzzers: Tests/Corpus/<target>/, small files made by other programs than ours.

Inputs that a fuzzer once crashed on stand beside them, under names that begin with `crash-`; this script leaves those.

Run from the repository root: .venv/bin/python Scripts/goldens/fuzz_corpus.py
"""

import io
import json
import struct
import zipfile
from pathlib import Path

import gguf
import numpy as np
import soundfile
from fuzz_quantized import quantized_matrices
from PIL import Image
from safetensors.numpy import save

ROOT = Path(__file__).resolve().parents[2] / "Tests/Corpus"
# Made by media_cases.py.
CASES = ROOT.parent / "SpudMediaTests/Fixtures/Cases"
CONTROL = ["<pad>", "<bos>", "<end>", "<user>", "<assistant>", "<image>", "</image>", "<audio>", "</audio>", "<video>",
           "</video>", "<frame>", "<think>", "</think>"]


def write(target, name, data):
    folder = ROOT / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data.encode() if isinstance(data, str) else bytes(data))


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def json_seeds():
    write("json", "all-kinds", '{"a":[1,-2.5e+3,true,false,null,"x\\n\\u00e9\\ud83d\\ude00"],"é":{"":0},"e\u0301":[]}')
    write("json", "space", " \t\r\n[ 0 , 1E9,-0, 1e-400 ]\n")
    write("json", "deep", "[" * 64 + "]" * 64)
    write("json", "too-deep", "[" * 65 + "]" * 65)
    write("json", "twice", '{"a":1,"a":2}')
    write("json", "surrogate", '"\\ud800"')
    write("json", "many", compact({str(i): i for i in range(40)}))


def safetensors_seeds():
    a = np.arange(6, dtype=np.float32).reshape(2, 3)
    write("safetensors", "two", save({"a": a, "b": np.zeros(4, np.uint8)}, {"format": "pt"}))
    write("safetensors", "kinds",
          save({"h": a.astype(np.float16), "i": a.astype(np.int64), "empty": np.zeros((0, 3), np.float32)}))
    write("safetensors", "none", save({}))
    header = (
        b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}'
    )
    good = struct.pack("<Q", len(header)) + header + bytes(8)
    write("safetensors", "plain", good)
    for length in (0, 1, 2**31 - 1, 2**31, 2**63 - 1, 2**64 - 1):
        write("safetensors", f"length-{length}", struct.pack("<Q", length) + header + bytes(8))
    for number in (2**31 - 1, 2**63 - 1, 2**64 - 1):
        write("safetensors", f"shape-{number}", patched(header, b'"shape":[1]', f'"shape":[{number},2]'.encode()))
        write("safetensors", f"offset-{number}", patched(header, b"[4,8]", f"[4,{number}]".encode()))
    write("safetensors", "overlap", patched(header, b"[4,8]", b"[0,4]"))


def patched(header, old, new):
    header = header.replace(old, new)
    return struct.pack("<Q", len(header)) + header + bytes(8)


def quantized_seeds():
    for name, data in quantized_matrices().items():
        write("quantized", name, data)


def gguf_seeds():
    def path(name):
        (ROOT / "gguf").mkdir(parents=True, exist_ok=True)
        return str(ROOT / "gguf" / name)

    def finish(writer):
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()

    writer = gguf.GGUFWriter(path("all-kinds.gguf"), "qwen3moe")
    writer.add_uint32("a.u32", 7)
    writer.add_int8("a.i8", -7)
    writer.add_float32("a.f32", 0.5)
    writer.add_float64("a.f64", 0.25)
    writer.add_uint64("a.u64", 2**63)
    writer.add_bool("a.bool", True)
    writer.add_array("a.list", [1, 2, 3])
    writer.add_tensor("f32", np.arange(6, dtype=np.float32).reshape(2, 3))
    writer.add_tensor("f16", np.arange(4, dtype=np.float16))
    for kind in ("Q8_0", "Q4_0"):
        block = gguf.quants.quantize(np.linspace(-1, 1, 64, dtype=np.float32).reshape(2, 32),
                                     gguf.GGMLQuantizationType[kind])
        writer.add_tensor(kind, block, raw_dtype=gguf.GGMLQuantizationType[kind])
    finish(writer)

    # A block of every type, of any bytes.
    writer = gguf.GGUFWriter(path("all-blocks.gguf"), "qwen3moe")
    random = np.random.default_rng(33)
    for kind, (length, size) in gguf.GGML_QUANT_SIZES.items():
        if length > 1 and kind != gguf.GGMLQuantizationType.Q8_1:
            writer.add_tensor(kind.name, random.integers(0, 256, (1, size), dtype=np.uint8), raw_dtype=kind)
    finish(writer)

    alphabet = [chr(c) for c in [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100), *range(0x100, 0x144)]]
    writer = gguf.GGUFWriter(path("tokenizer.gguf"), "llama")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(alphabet + ["he", "<end>", "<x>"])
    writer.add_token_types([1] * 257 + [3, 4])
    writer.add_token_merges(["h e"])
    finish(writer)

    tokens = ["<unk>", "<s>", *(f"<0x{byte:02X}>" for byte in range(256)), "▁T", "he", "The", "▁", "T", "h", "e", "1"]
    writer = gguf.GGUFWriter(path("sentencepiece.gguf"), "llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([-float(i) for i in range(len(tokens))])
    writer.add_token_types([2, 3] + [6] * 256 + [1] * 8)
    finish(writer)

    small = gguf.GGUFWriter(path("plain.gguf"), "x")
    small.add_tensor("t", np.zeros(3, np.float32))
    finish(small)
    plain = (ROOT / "gguf/plain.gguf").read_bytes()
    for number in (0, 1, 2**31 - 1, 2**31, 2**63 - 1, 2**64 - 1):
        for at, what in ((8, "tensors"), (16, "metadata"), (24, "key")):
            write("gguf", f"{what}-{number}.gguf", plain[:at] + struct.pack("<Q", number) + plain[at + 8 :])
        at = plain.index(struct.pack("<Q", 1) + b"t") + 9 + 4
        write("gguf", f"shape-{number}.gguf", plain[:at] + struct.pack("<Q", number) + plain[at + 8 :])
    for version in (0, 1, 4, 0x03000000):
        write("gguf", f"version-{version}.gguf", plain[:4] + struct.pack("<I", version) + plain[8:])


def config_seeds():
    base = {"vocab_size": 64, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "head_dim": 8, "intermediate_size": 64, "rms_norm_eps": 1e-6, "hidden_act": "silu",
            "max_position_embeddings": 128,
            "rope_theta": 10000.0, "tie_word_embeddings": False, "bos_token_id": 1, "eos_token_id": [2, 3]}
    llama3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
              "original_max_position_embeddings": 32}
    for name, extra in {
        "qwen3_moe": {"moe_intermediate_size": 16, "num_experts": 4, "num_experts_per_tok": 2, "norm_topk_prob": True,
                      "decoder_sparse_step": 2, "mlp_only_layers": [1]},
        "olmoe": {"num_experts": 4, "num_experts_per_tok": 2, "clip_qkv": 8.0},
        "mixtral": {"num_local_experts": 4, "num_experts_per_tok": 2},
        "qwen3": {"attention_bias": True, "tie_word_embeddings": True},
        "llama": {"rope_scaling": llama3, "torch_dtype": "bfloat16"},
    }.items():
        write("config", f"{name}.json", compact({"model_type": name, **base, **extra}))
    new = {k: v for k, v in base.items() if k != "rope_theta"}
    write("config", "llama-v5.json",
          compact({"model_type": "llama", **new, "dtype": "bfloat16",
                   "rope_parameters": {**llama3, "rope_theta": 1e4}}))
    for key in ("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads",
                "head_dim"):
        for number in (0, -1, 2**31 - 1, 2**63 - 1, 2**64 - 1):
            write("config", f"{key}-{number}.json", compact({"model_type": "llama", **base, key: number}))


def tokenizer_seeds():
    alphabet = [chr(c) for c in [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100), *range(0x100, 0x144)]]
    vocab = {c: i for i, c in enumerate(alphabet)}
    vocab |= {"Ġt": 256, "he": 257, "Ġthe": 258}
    merges = [["Ġ", "t"], ["h", "e"], ["Ġt", "he"]]
    caseless = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"
                r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    base = {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [{"id": 259, "content": "<end>", **flags}],
        "normalizer": {"type": "NFC"}, "pre_tokenizer": level, "post_processor": None, "decoder": level,
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "byte_fallback": False, "ignore_merges": False,
                  "vocab": vocab, "merges": merges},
    }
    write("tokenizer", "gpt2.json", compact(base))
    split = {"type": "Split", "pattern": {"Regex": caseless}, "behavior": "Isolated", "invert": False}
    template = {"type": "TemplateProcessing",
                "single": [{"SpecialToken": {"id": "<end>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]}
    write("tokenizer", "llama3.json", compact({
        **base, "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, {**level, "use_regex": False}]},
        "post_processor": {"type": "Sequence", "processors": [level, template]},
        "added_tokens": [{"id": 259, "content": "<end>", **flags},
                         {"id": 260, "content": " a ", **flags, "special": False, "lstrip": True, "rstrip": True}],
        "model": {**base["model"], "ignore_merges": True, "merges": [" ".join(m) for m in merges]},
    }))
    pieces = ["<unk>", "<s>", "</s>", "▁", "t", "h", "e", "▁t", "he", "▁the"]
    write("tokenizer", "metaspace.json", compact({
        "version": "1.0", "added_tokens": [{"id": i, "content": pieces[i], **flags} for i in range(3)],
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]},
        "pre_tokenizer": None,
        "decoder": {"type": "Sequence", "decoders": [
            {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"},
            {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
        "model": {"type": "BPE", "unk_token": "<unk>", "fuse_unk": True, "byte_fallback": False,
                  "vocab": {p: i for i, p in enumerate(pieces)}, "merges": ["▁ t", "h e", "▁t he"]},
    }))
    write("tokenizer", "scheme.json", compact({
        "version": "1.0", "added_tokens": [], "normalizer": None,
        "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": False},
        "decoder": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": False},
        "model": {"type": "BPE", "unk_token": "<unk>", "vocab": {p: i for i, p in enumerate(pieces)}, "merges": []},
    }))


def text_seeds():
    for name, text in {
        "english": "I'll say \"it's 42\", WE'RE not 3.14159!\r\n\r\n  Really?  \t\n",
        "marks": "e\u0301\u0323 Z̸̢̛̝͓̲̮͓̓ \u1112\u1161\u11ab\uac00\u11a8 \u0344 Å\u212b \u0958",
        "scripts": "日本語 עברית العربية हिन्दी ไทย 👨‍👩‍👧‍👦 🇩🇪 ½Ⅷ² ١٢٣ 'ſ\ufeff\u0000\u2028\u0085",
        "tokens": "  <l> x <r>  y<s> <s>a é! e\u0301! <end><end",
        "spaces": "a \n \n  b\r\n\r\n \u3000\u00a0 c   ",
    }.items():
        write("text", name, text)
    write("text", "invalid", b"a\xff\xc3(\xe2\x82\xed\xa0\x80\xf4\x90\x80\x80\xc0\x80\xf0\x9f\x91 \xcc\x81")


def vocabulary_seeds():
    tokens = CONTROL + [f"<size:{i}>" for i in range(1, 33)]
    base = {
        "schema": 1, "text": {"first": 0, "count": 300}, "control": {"first": 300, "tokens": tokens},
        "image": {"first": 300 + len(tokens), "count": 1024, "patch": 8},
        "audio": {"first": 1324 + len(tokens), "levels": 2, "codes_per_level": 256, "frames_per_second": 25},
    }
    write("vocabulary", "good.json", compact(base))
    for number in (0, 1, -1, 2**31 - 1, 2**63 - 1, 2**64 - 1):
        for part, key in (("text", "count"), ("image", "count"), ("audio", "levels"), ("audio", "codes_per_level")):
            write("vocabulary", f"{part}-{key}-{number}.json", compact({**base, part: {**base[part], key: number}}))


def codec_seeds():
    def codec(width, levels, codes, metadata, scale=1.0):
        rng = np.random.default_rng(1)
        return save({
            "mean": np.full(width, 0.5, np.float32),
            "components": rng.normal(size=(1, width)).astype(np.float32) * np.float32(scale),
            "variances": np.ones(1, np.float32),
            "centres": rng.normal(size=(levels, codes, 1)).astype(np.float32) * np.float32(scale),
        }, {"schema": "1", **metadata})

    write("codec", "image", codec(3, 1, 2, {"kind": "image", "patch": "1"}))
    write("codec", "image-2", codec(12, 1, 3, {"kind": "image", "patch": "2"}))
    write("codec", "image-huge-values", codec(3, 1, 2, {"kind": "image", "patch": "1"}, 3e30))
    audio = {"kind": "audio", "sample_rate": "16000", "mel_frames": "4", "bands": "80", "frames_per_second": "25"}
    write("codec", "audio", codec(320, 2, 2, audio))
    write("codec", "audio-huge-values", codec(320, 1, 2, audio, 3e30))


def picture_seeds():
    picture = Image.fromarray(np.random.default_rng(2).integers(0, 256, (5, 7, 3), dtype=np.uint8))
    modes = {"rgb": picture, "gray": picture.convert("L"), "alpha": picture.convert("RGBA"),
             "palette": picture.convert("P"),
             "gray-alpha": picture.convert("LA"), "bits": picture.convert("1"), "deep": picture.convert("I;16")}
    for name, image in modes.items():
        data = io.BytesIO()
        image.save(data, "PNG")
        write("png", f"{name}.png", data.getvalue())
    png = (ROOT / "png/rgb.png").read_bytes()
    for width, height in ((0, 1), (1, 0), (2**31 - 1, 2**31 - 1), (2**32 - 1, 1)):
        write("png", f"header-{width}x{height}.png", png[:16] + struct.pack(">II", width, height) + png[24:])
    for name, options in {"plain": {}, "progressive": {"progressive": True}, "subsampled": {"subsampling": 2}}.items():
        data = io.BytesIO()
        picture.save(data, "JPEG", **options)
        write("jpeg", f"{name}.jpg", data.getvalue())
    for orientation in (1, 6, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        data = io.BytesIO()
        picture.save(data, "JPEG", exif=exif)
        write("jpeg", f"exif-{orientation}.jpg", data.getvalue())
    data = io.BytesIO()
    picture.convert("L").save(data, "JPEG")
    write("jpeg", "gray.jpg", data.getvalue())
    data = io.BytesIO()
    picture.convert("CMYK").save(data, "JPEG")
    write("jpeg", "cmyk.jpg", data.getvalue())
    write("jpeg", "cut.jpg", (ROOT / "jpeg/plain.jpg").read_bytes()[:-40])
    write("jpeg", "cut-progressive.jpg", (ROOT / "jpeg/progressive.jpg").read_bytes()[:-60])
    exif = Image.Exif()
    exif[0x0112] = 6
    data = io.BytesIO()
    picture.save(data, "PNG", exif=exif)
    write("png", "exif.png", data.getvalue())
    write("png", "cut.png", png[:-40])
    # Containers whose pictures another program decodes.
    for name, form, options in (
        ("exif.webp", "WEBP", {"lossless": True, "exif": exif}), ("lossy.webp", "WEBP", {}),
        ("animated.webp", "WEBP", {"save_all": True, "append_images": [picture.rotate(180)]}),
        ("still.avif", "AVIF", {"exif": exif}),
        ("animated.avif", "AVIF", {"save_all": True, "append_images": [picture.rotate(180)]}), ("still.gif", "GIF", {}),
        ("still.tiff", "TIFF", {"exif": exif}), ("still.bmp", "BMP", {}),
    ):
        data = io.BytesIO()
        picture.save(data, form, **options)
        write("container", name, data.getvalue())
        write("container", f"cut-{name}", data.getvalue()[:-40])
    data = io.BytesIO()
    modes["alpha"].save(data, "AVIF")
    write("container", "alpha.avif", data.getvalue())
    write("container", "turned.heic", (CASES / "turned.heic").read_bytes())


def sound_seeds():
    tone = (np.sin(np.arange(400) / 8) * 0.5).astype(np.float32)
    for name, form, subtype, rate, channels in (
        ("pcm16.wav", "WAV", "PCM_16", 16000, 1), ("float.wav", "WAV", "FLOAT", 44100, 2),
        ("pcm24.wav", "WAV", "PCM_24", 8000, 1),
        ("ulaw.wav", "WAV", "ULAW", 8000, 1), ("adpcm.wav", "WAV", "IMA_ADPCM", 16000, 1),
        ("x.wav", "WAVEX", "PCM_U8", 22050, 1),
        ("tone.flac", "FLAC", "PCM_16", 16000, 1), ("tone.ogg", "OGG", "VORBIS", 16000, 1),
        ("tone.mp3", "MP3", "MPEG_LAYER_III", 16000, 1),
    ):
        data = io.BytesIO()
        soundfile.write(data, np.stack([tone] * channels, 1), rate, subtype=subtype, format=form)
        write("audio", name, data.getvalue())
    wav = (ROOT / "audio/pcm16.wav").read_bytes()
    for length in (0, 1, 2**31 - 1, 2**31, 2**32 - 1):
        write("audio", f"riff-{length}.wav", wav[:4] + struct.pack("<I", length) + wav[8:])
        at = wav.index(b"data") + 4
        write("audio", f"data-{length}.wav", wav[:at] + struct.pack("<I", length) + wav[at + 4 :])
    for name in ("two.mp3", "two-rates.mp3", "tags.mp3", "no-length.mp3", "two.ogg", "two.opus",
                 "pipe-rf64.wav", "pipe.w64", "pipe.aiff",
                 "pipe.au", "pipe.caf"):
        write("audio", name, (CASES / name).read_bytes())
    write("audio", "two.flac", (ROOT / "audio/tone.flac").read_bytes() * 2)
    write("audio", "two.wav", wav * 2)


def zip_seeds():
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as z:
        for name, text in (("000/000000.png", b"a picture"), ("000/clip/1.png", b""), ("é", b"\x00" * 64)):
            z.writestr(zipfile.ZipInfo(name), text)
        z.comment = b"a comment"
    whole = data.getvalue()
    write("zip", "stored.zip", whole)
    write("zip", "cut.zip", whole[:-40])
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr(zipfile.ZipInfo("a"), b"a" * 64, zipfile.ZIP_DEFLATED)
    write("zip", "deflated.zip", data.getvalue())
    end = whole.rindex(b"PK\5\6")
    for name, at, value in (("members", 10, b"\xfe\xff"), ("size", 12, b"\xff" * 4), ("start", 16, b"\xff" * 4)):
        write("zip", f"{name}.zip", whole[:end + at] + value + whole[end + at + len(value):])


def example_seeds():
    example = {"id": "see-1", "skill": "see", "task": "colour", "turns": [
        {"role": "user", "parts": [{"image": "media/1.png"}, {"audio": "a.wav"}, {"video": "v.clip"},
                                   {"text": "what colour?"}]},
        {"role": "assistant", "parts": [{"thought": "hm"}, {"text": "red"}]}],
        "answer": "red", "accept": ["red"], "descriptions": {"image": ["a red circle"], "audio": []}}
    write("examples", "good.jsonl", compact(example) + "\n\n" + compact({**example, "id": "see-2"}) + "\r\n")
    write("examples", "escape.jsonl",
          compact({**example, "turns": [{"role": "user", "parts": [{"image": "../../x"}]}]}))
    write("examples", "empty.jsonl", "\n{}\n[]\n")


def stream_seeds():
    # As FuzzTarget.parseStream reads them: 262 text ids, the control tokens, 32 sizes, 4 image codes, 2 × 3 sound
    # codes.
    control = {name: 262 + i for i, name in enumerate(CONTROL)}
    size, image = 262 + len(CONTROL), 262 + len(CONTROL) + 32
    sound = image + 4
    c = control.__getitem__
    picture = [c("<image>"), size + 1, size, image, image + 3, c("</image>")]
    heard = [c("<audio>"), sound, sound + 3, sound + 2, sound + 5, c("</audio>")]
    seen = [c("<video>"), size, size, c("<frame>"), 49, image, sound, sound + 4, c("<frame>"), 50, image + 1,
            c("</video>")]
    user = [c("<user>"), *picture, *heard, *seen, 71, 104, c("<end>")]
    answer = [c("<assistant>"), c("<think>"), 71, c("</think>"), 72, *picture, c("<end>")]
    for name, ids in {"whole": [c("<bos>"), *user, *answer], "prompt": [c("<bos>"), *user, c("<assistant>")],
                      "empty-video": [c("<bos>"), c("<user>"), c("<video>"), size, size, c("</video>"), c("<end>")],
                      "misplaced": [c("<bos>"), c("<user>"), image], "outside": [c("<bos>"), -1, 9999]}.items():
        write("stream", name, b"".join(struct.pack(">H", (i + 1) % 65536) for i in ids))


for seeds in (json_seeds, safetensors_seeds, quantized_seeds, gguf_seeds, config_seeds, tokenizer_seeds, text_seeds,
              vocabulary_seeds, codec_seeds, picture_seeds, sound_seeds, zip_seeds, example_seeds, stream_seeds):
    seeds()
