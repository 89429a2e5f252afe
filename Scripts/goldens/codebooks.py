#!/usr/bin/env python3
"""Writes Sources/CSpudBlocks/codebooks.h: the books of ggml's IQ types, taken from the `gguf` package and packed.

    .venv/bin/python Scripts/goldens/codebooks.py
"""
from pathlib import Path

import numpy as np
from gguf import quants

OUT = Path(__file__).resolve().parents[2] / "Sources/CSpudBlocks/codebooks.h"
HEAD = """#pragma once
// The books of the IQ types, by Scripts/goldens/codebooks.py: an entry holds the places of its values among the type's
// magnitudes, the first in the lowest bits, two bits each for books of eight values and three for books of four.
#include <stdint.h>
"""
BOOKS = {"iq1": quants.IQ1_S, "iq2_xxs": quants.IQ2_XXS, "iq2_xs": quants.IQ2_XS, "iq2_s": quants.IQ2_S,
         "iq3_xxs": quants.IQ3_XXS, "iq3_s": quants.IQ3_S}


def main() -> None:
    text = HEAD
    for name, kind in BOOKS.items():
        kind.init_grid()
        count, width = kind.grid_shape
        values = kind.grid.reshape(count, width)
        places = np.searchsorted(np.array(kind.grid_map), values)
        bits = 2 if width == 8 else 3
        entries = (places << (bits * np.arange(width))).sum(axis=1)
        text += f"\nstatic const uint16_t spud_book_{name}[{count}] = {{\n"
        for start in range(0, count, 16):
            text += "  " + "".join(f"{entry:#06x}," for entry in entries[start:start + 16]) + "\n"
        text += "};\n"
    OUT.write_text(text)


if __name__ == "__main__":
    main()
