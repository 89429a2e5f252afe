#!/usr/bin/env python3
"""Packs directories of media, each as one ZIP file that stands for it, or unpacks them again.

    pack_media.py Benchmarks/suites/world/media/*
    pack_media.py --unpack Benchmarks/suites/world/media/*.zip

Members are stored as they are, in the order of their names and without a date, so that the same files always make the
same archive. What was packed or unpacked is deleted. `spud` reads either.
"""

import argparse
import shutil
import zipfile
from pathlib import Path


def pack(folder: Path) -> None:
    archive = folder.with_name(folder.name + ".zip")
    with zipfile.ZipFile(archive, "x", zipfile.ZIP_STORED) as z:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            # the earliest date that the format has
            member = zipfile.ZipInfo(path.relative_to(folder).as_posix(), (1980, 1, 1, 0, 0, 0))
            member.external_attr = 0o644 << 16
            z.writestr(member, path.read_bytes())
    shutil.rmtree(folder)


def unpack(archive: Path) -> None:
    folder = archive.with_suffix("")
    folder.mkdir()
    with zipfile.ZipFile(archive) as z:
        z.extractall(folder)
    archive.unlink()


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("paths", type=Path, nargs="+", help="directories, or with --unpack archives")
    p.add_argument("--unpack", action="store_true")
    a = p.parse_args()
    for path in a.paths:
        (unpack if a.unpack else pack)(path)


if __name__ == "__main__":
    main()
