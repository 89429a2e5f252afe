#!/usr/bin/env python3
"""Keeps tokenizers and codecs that several models have in common once; the others refer to them.

    share_files.py Models/spud-nano Models/dense-* Models/pipeline/*

The first directory that has a file keeps it. In the others a copy of it is deleted, and `shared_files.json` names the
directory that holds it; `spud copy` undoes this for one model.
"""

import argparse
import json
import os
from pathlib import Path

from nano.files import REFERENCES, SHAREABLE


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("models", type=Path, nargs="+")
    a = p.parse_args()
    kept: dict[bytes, Path] = {}
    for model in a.models:
        references = model / REFERENCES
        shared = json.loads(references.read_text()) if references.exists() else {}
        for name in SHAREABLE:
            file = model / name
            if not file.exists():
                continue
            holder = kept.setdefault(file.read_bytes(), model)
            if holder != model and (holder / name).exists():
                shared[name] = Path(os.path.relpath(holder, model)).as_posix()
                file.unlink()
                print(f"{file}: kept in {holder}")
        if shared:
            references.write_text(json.dumps(dict(sorted(shared.items())), indent=2) + "\n")


if __name__ == "__main__":
    main()
