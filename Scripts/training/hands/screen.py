"""A screen taken apart: pixels to groups of marks, a mark being what stands out from the flat ground around it.

A letter, the corner of a box, a tick: each is cut out at its own bounds, so that it looks the same wherever it stands,
and marks side by side form a group with one place, as the letters of a word do. Everything is decided by comparing
whole numbers; README.md has the rules.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

WIDTH, HEIGHT, BAR = 160, 210, 50
FLAT = 4  # a square of so many equal pixels a side is ground
LONG, END = 14, 3  # of a straight run of equal pixels so long, only the ends count
SIDE = 16  # of a mark's patch
CLEAR = 45  # per cent of the strongest column; a fainter one parts letters
GREY = 128  # what a patch has outside of its mark


@dataclass
class Mark:
    """The bounds of a mark, [left, right) × [top, bottom), at most SIDE a side."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass
class Group:
    marks: list[Mark]

    def bounds(self) -> tuple[int, int, int, int]:
        m = self.marks
        return min(a.left for a in m), min(a.top for a in m), max(a.right for a in m), max(a.bottom for a in m)

    def centre(self) -> tuple[int, int]:
        left, top, right, bottom = self.bounds()
        return (left + right) // 2, (top + bottom) // 2


def packed(pixels: np.ndarray) -> np.ndarray:
    """[H, W, 3] bytes as [H, W] whole numbers: colours are equal when these are."""
    p = pixels.astype(np.int32)
    return p[..., 0] << 16 | p[..., 1] << 8 | p[..., 2]


def ground(colour: np.ndarray) -> np.ndarray:
    """Which pixels are flat ground: those of uniform squares, and what is joined to them, side by side, in the same
    colour."""
    right = np.zeros(colour.shape, bool)
    right[:, :-1] = colour[:, :-1] == colour[:, 1:]
    down = np.zeros(colour.shape, bool)
    down[:-1] = colour[:-1] == colour[1:]
    h, w = colour.shape
    n = FLAT
    rows = np.ones((h, w - n + 1), bool)
    for i in range(n - 1):
        rows &= right[:, i : w - n + 1 + i]
    square = np.ones((h - n + 1, w - n + 1), bool)
    for i in range(n):
        square &= rows[i : h - n + 1 + i]
    for i in range(n - 1):
        square &= down[i : h - n + 1 + i, : w - n + 1]
    found = np.zeros((h, w), bool)
    for y in range(n):
        for x in range(n):
            found[y : h - n + 1 + y, x : w - n + 1 + x] |= square
    while True:
        grown = found.copy()
        grown[:, 1:] |= found[:, :-1] & right[:, :-1]
        grown[:, :-1] |= found[:, 1:] & right[:, :-1]
        grown[1:] |= found[:-1] & down[:-1]
        grown[:-1] |= found[1:] & down[:-1]
        if (grown == found).all():
            return found
        found = grown


def inner(colour: np.ndarray) -> np.ndarray:
    """The inside of long straight runs along x: all but END pixels at each end of a run of LONG or more."""
    h, w = colour.shape
    same = np.zeros((h, w + 1), bool)
    same[:, 1:w] = colour[:, 1:] == colour[:, :-1]
    at = np.arange(w)
    start = np.maximum.accumulate(np.where(~same[:, :w], at, 0), 1)
    end = np.minimum.accumulate(np.where(~same[:, 1:], at, w - 1)[:, ::-1], 1)[:, ::-1]
    return (end - start + 1 >= LONG) & (at - start >= END) & (end - at >= END)


def ink(colour: np.ndarray) -> np.ndarray:
    """Which pixels belong to marks: no ground, and not inside a long straight line; and the corners where flat grounds
    meet."""
    flat = ground(colour)
    marked = ~flat & ~inner(colour) & ~inner(colour.T).T
    a, b, c, d = colour[:-1, :-1], colour[:-1, 1:], colour[1:, :-1], colour[1:, 1:]
    corner = ~((a == b) & (c == d)) & ~((a == c) & (b == d))
    corner &= flat[:-1, :-1] & flat[:-1, 1:] & flat[1:, :-1] & flat[1:, 1:]
    for y in (0, 1):
        for x in (0, 1):
            marked[y : marked.shape[0] - 1 + y, x : marked.shape[1] - 1 + x] |= corner
    return marked


def cut(pixels: np.ndarray, marked: np.ndarray, piece: np.ndarray, left: int, top: int) -> list[Mark]:
    """A low piece at its faint columns, where letters touch by their soft edges only. piece: [h, w], the piece within
    its bounds."""
    h, w = piece.shape
    bottom, right = top + h, left + w
    y, x = max(top - 1, 0), max(left - 1, 0)
    around = pixels[y : bottom + 1, x : right + 1][~marked[y : bottom + 1, x : right + 1]]
    if len(around) == 0:
        return [Mark(left, top, right, bottom)]
    values, counts = np.unique(packed(around[None])[0], return_counts=True)
    common = values[counts.argmax()]  # the least of those that are as common
    base = np.array([common >> 16, common >> 8 & 255, common & 255], np.int16)
    apart = np.abs(pixels[top:bottom, left:right].astype(np.int16) - base).max(2) * piece
    column = apart.max(0)
    kept = 100 * column.astype(int) > CLEAR * int(column.max())
    edges = np.flatnonzero(np.diff(np.concatenate(([0], kept.astype(np.int8), [0]))))
    made = []
    for first, last in zip(edges[::2], edges[1::2]):
        rows = np.flatnonzero(piece[:, first:last].any(1))
        made.append(Mark(left + int(first), top + int(rows[0]), left + int(last), top + int(rows[-1]) + 1))
    return made


def joined(a: Mark, b: Mark) -> bool:
    """Whether a is a dot over b, or b one under a: so that i, j, !, ? and = are one mark."""
    gap, upper, lower = b.top - a.bottom, a.bottom - a.top, b.bottom - b.top
    low = upper <= 3 and 0 <= gap <= 2 or lower <= 3 and 0 <= gap <= 1
    narrow = max(a.right - a.left, b.right - b.left) <= 6 and b.bottom - a.top <= 14
    shared = min(a.right, b.right) - max(a.left, b.left)
    return low and narrow and 2 * shared >= min(a.right - a.left, b.right - b.left)


def marks(pixels: np.ndarray, marked: np.ndarray) -> list[Mark]:
    """Marks in order of top, then left: pieces that touch, also by their corners, low ones cut into letters, large ones
    into tiles."""
    labels, _ = ndimage.label(marked, np.ones((3, 3)))
    small, found = [], []
    for i, (rows, columns) in enumerate(ndimage.find_objects(labels)):
        piece = labels[rows, columns] == i + 1
        if piece.shape[0] <= SIDE:
            small += cut(pixels, marked, piece, columns.start, rows.start)
        else:
            found += tiles(piece, columns.start, rows.start)
    small.sort(key=lambda m: (m.top, m.left))
    used = set()
    for i, m in enumerate(small):
        if i in used:
            continue
        for j in range(i + 1, len(small)):
            if small[j].top - m.bottom > 2:
                break
            if j not in used and joined(m, small[j]):
                used.add(j)
                m = Mark(min(m.left, small[j].left), m.top, max(m.right, small[j].right), small[j].bottom)
        found += [Mark(x, m.top, min(x + SIDE, m.right), m.bottom) for x in range(m.left, m.right, SIDE)]
    return sorted(found, key=lambda m: (m.top, m.left))


def tiles(piece: np.ndarray, left: int, top: int) -> list[Mark]:
    """The squares of SIDE that a large piece falls into, without empty ones."""
    h, w = piece.shape
    return [
        Mark(left + x, top + y, left + min(x + SIDE, w), top + min(y + SIDE, h))
        for y in range(0, h, SIDE)
        for x in range(0, w, SIDE)
        if piece[y : y + SIDE, x : x + SIDE].any()
    ]


def groups(found: list[Mark]) -> list[Group]:
    """Groups in reading order. Marks of one line, at most 2 pixels apart (3 where both are tall), are of one group."""
    lines: list[list[Mark]] = []
    for m in found:
        for line in reversed(lines[-12:]):
            first = line[0]
            shared = min(m.bottom, first.bottom) - max(m.top, first.top)
            if 2 * shared >= min(m.bottom - m.top, first.bottom - first.top):
                line.append(m)
                break
        else:
            lines.append([m])
    made = []
    for line in lines:
        line.sort(key=lambda m: (m.left, m.top))
        part, right = [], 0
        for m in line:
            gap = 3 if part and min(m.bottom - m.top, part[-1].bottom - part[-1].top) >= 13 else 2
            if part and m.left - right > gap:
                made.append(Group(part))
                part = []
            part.append(m)
            right = max(right, m.right) if len(part) > 1 else m.right
        made.append(Group(part))
    return made


def patch(pixels: np.ndarray, m: Mark) -> np.ndarray:
    """The mark's pixels at the top left of a square of SIDE, grey around: [SIDE, SIDE, 3]."""
    made = np.full((SIDE, SIDE, 3), GREY, np.uint8)
    made[: m.bottom - m.top, : m.right - m.left] = pixels[m.top : m.bottom, m.left : m.right]
    return made


def read(pixels: np.ndarray) -> list[Group]:
    """The groups of a screen [210, 160, 3] below the bar, in reading order, in the screen's coordinates."""
    colour = packed(pixels[BAR:])
    found = marks(pixels[BAR:], ink(colour))
    for m in found:
        m.top += BAR
        m.bottom += BAR
    return groups(found)
