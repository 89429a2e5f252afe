"""Where a model's files are: in its directory, or in another model's, as `shared_files.json` says."""

import json
from pathlib import Path

REFERENCES = "shared_files.json"
SHAREABLE = ("tokenizer.json", "image_codec.safetensors", "audio_codec.safetensors")


def located(model: Path, name: str) -> Path:
    """The path of a file of the model."""
    references = model / REFERENCES
    shared = json.loads(references.read_text()) if references.exists() else {}
    return model / shared.get(name, ".") / name
