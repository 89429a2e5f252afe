"""Pages where something is dragged."""

import re

from . import Dom, oracle
from .places import spot

WAYS = {"left": (-30, 0), "right": (30, 0), "up": (0, -30), "down": (0, 30)}


def middle(box: list[float]) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


@oracle("drag-box")
def drag_box(d: Dom):
    small, large = d.box("#draggableSmall"), d.box("#draggableLarge")
    held, at, to = middle(d.free("#draggableSmall")), middle(small), middle(large)
    if max(abs(at[0] - to[0]), abs(at[1] - to[1])) >= 14:
        yield "drag", held, (held[0] + to[0] - at[0], held[1] + to[1] - at[1])
    yield "click", d.text("#subbtn")


@oracle("drag-single-shape", "drag-circle")
def drag_shape(d: Dom):
    x, y = middle(d.box("svg > *"))
    right, down = WAYS[re.search("(left|right|up|down)", d.task)[0]]
    yield "drag", (x, y), (x + right, y + down)
    yield "click", d.text("#subbtn")


@oracle("use-slider")
def use_slider(d: Dom):
    """Drags near the value, and goes the rest of the way with the keys."""
    wanted = int(re.search(r"Select (-?\d+) with", d.task)[1])
    low, high, upright = d.js(
        "[$('#slider').slider('option', 'min'), $('#slider').slider('option', 'max'), "
        "$('#slider').slider('option', 'orientation') === 'vertical']"
    )
    left, top, right, bottom = d.box("#slider")
    share = (wanted - low) / (high - low)
    x, y = middle(d.box("#slider .ui-slider-handle"))
    to = (x, bottom - share * (bottom - top)) if upright else (left + share * (right - left), y)
    if abs(to[0] - x) + abs(to[1] - y) > 2:
        yield "drag", (x, y), to
    else:
        yield "click", d.box("#slider .ui-slider-handle")
    for _ in range(16):
        value = d.js("$('#slider').slider('value')")
        if value == wanted:
            break
        yield "key", "right" if value < wanted else "left"
    yield "click", d.text("#subbtn")


@oracle("drag-items")
def drag_items(d: Dom):
    name, way = re.match(r"Drag (.*?) (to the .*|down .*|up .*)\.", d.task).groups()
    names = d.js("hands.all('#sortable li').map(hands.own)")
    at, last = names.index(name), len(names) - 1
    number = re.search(r"the (\d)", way)
    to = (
        int(number[1]) - 1
        if number
        else {"to the top": 0, "to the bottom": last}.get(way, at + (1 if "down" in way else -1))
    )
    x, y = middle(d.text(f"hands.all('#sortable li')[{at}].querySelector('div')"))
    _, over = middle(d.box(f"hands.all('#sortable li')[{to}]"))
    yield "drag", (x, y), (x, over + (4 if to > at else -4))


@oracle("right-angle")
def right_angle(d: Dom):
    (ax, ay), (vx, vy) = d.js("['init-black', 'init-blue'].map(i => document.getElementById(i)).map(hands.point)")
    long = ((ax - vx) ** 2 + (ay - vy) ** 2) ** 0.5
    ways = [
        (vx - s * (ay - vy) / long * n, vy + s * (ax - vx) / long * n) for n in (50, 40, 30, 20, 12) for s in (1, -1)
    ]
    x, y = next(p for p in ways if 4 < p[0] < 140 and 4 < p[1] < 125)
    yield "click", spot(x, y + 50)
    yield "click", d.text("#subbtn")


@oracle("draw-line")
def draw_line(d: Dom):
    x, y = middle(d.box("#circ"))
    right, down = (30, 0) if "horizontal" in d.task else (0, 24)
    yield "drag", (x - 2 - right, y - 2 - down), (x - 2 + right, y - 2 + down)
    yield "click", d.text("#controls button")


@oracle("highlight-text")
def highlight_text(d: Dom):
    lines = d.js("hands.lines(document.querySelector('#randomText'))")
    first, last = lines[0], lines[-1]
    yield "drag", (first[0] + 1, (first[1] + first[3]) / 2), (last[2] + 4, (last[1] + last[3]) / 2)
    yield "click", d.text("#subbtn")


@oracle("resize-textarea")
def resize_textarea(d: Dom):
    x, y = middle(d.box(".ui-resizable-se"))
    n = 20 if "larger" in d.task else -20
    yield "drag", (x, y), (x + n, y) if "width" in d.task else (x, y + n)
    yield "click", d.text("#submit")
