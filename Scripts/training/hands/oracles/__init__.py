"""Oracles: for each page a function that reads the page's DOM, when demonstrations are made and never else, and says what to do.

An oracle is a generator: it yields actions, and after each the page has changed. A click names a rectangle, and `demonstrate.py` picks the
place in it. The task is the page's own text, which the agent has too.
"""

from collections.abc import Callable, Iterator

from browser import Browser

ORACLES: dict[str, Callable] = {}
LIBRARY = """
if (!window.hands) window.hands = {
  box(e) { const r = e.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom]; },
  text(e) { const range = document.createRange(); range.selectNodeContents(e);
    const r = [...range.getClientRects()].find(r => r.width > 1) || e.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom]; },
  own(e) { return e.textContent.replace(/\\s+/g, ' ').trim(); },
  all(s) { return [...document.querySelectorAll(s)]; },
  named(s, t) { return hands.all(s).find(e => hands.own(e) === t); },
  free(e) { const t = hands.text(e), r = e.getBoundingClientRect(), own = (x, y) => e.contains(document.elementFromPoint(x, y));
    const middle = [(t[0] + t[2]) / 2, (t[1] + t[3]) / 2];
    if ([[0, 1], [0, 3], [2, 1], [2, 3]].every(([i, j]) => own(t[i], t[j]))) return t;
    let best = null;
    for (let x = r.left + 3; x < r.right - 3; x += 2) for (let y = r.top + 3; y < r.bottom - 3; y += 2) {
      const far = Math.abs(x - middle[0]) + Math.abs(y - middle[1]);
      if (own(x, y) && own(x - 2, y - 2) && own(x + 2, y + 2) && (!best || far < best[0])) best = [far, x, y];
    }
    return best ? [best[1] - 1, best[2] - 1, best[1] + 1, best[2] + 1] : t; },
  words() { const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), range = document.createRange();
    for (let node; (node = walker.nextNode());) for (const word of node.data.matchAll(/\\S+/g)) {
      range.setStart(node, word.index); range.setEnd(node, word.index + word[0].length);
      const r = range.getBoundingClientRect(), top = document.elementFromPoint((r.left + r.right) / 2, (r.top + r.bottom) / 2);
      if (r.width > 0 && r.left >= 0 && r.top >= 50 && r.right <= 160 && r.bottom <= 210 && top && top.contains(node.parentElement))
        found.push([word[0], ...[r.left, r.top, r.right, r.bottom].map(Math.round)]); }
    return found; },
  size(e) { return e.tagName === 'text' ? parseFloat(e.getAttribute('font-size')) : e.getBBox().height; },
  seen(e) { const r = e.getBoundingClientRect(); return r.width > 0 && r.height > 0; },
};
"""


class Dom:
    """What an oracle reads."""

    def __init__(self, browser: Browser, task: str):
        self.browser, self.task = browser, task

    def js(self, expression: str):
        return self.browser.evaluate(f"{LIBRARY} (() => ({expression}))()")

    def box(self, expression: str) -> list[float]:
        """The bounds of an element, given by an expression or a selector: left, top, right, bottom."""
        return self.js(f"hands.box({self.element(expression)})")

    def text(self, expression: str) -> list[float]:
        """The bounds of the first line of an element's text."""
        return self.js(f"hands.text({self.element(expression)})")

    def free(self, expression: str) -> list[float]:
        """The same, or of a spot of the element that no other covers."""
        return self.js(f"hands.free({self.element(expression)})")

    @staticmethod
    def element(expression: str) -> str:
        return expression if "(" in expression else f"document.querySelector({expression!r})"

    def named(self, selector: str, text: str) -> list[float]:
        return self.text(f"hands.named({selector!r}, {text!r})")

    def quoted(self) -> str:
        """What the task has in double quotes."""
        return self.task.split('"')[1]


def oracle(*pages: str) -> Callable:
    def keep(function: Callable[[Dom], Iterator[tuple]]) -> Callable:
        for page in pages:
            ORACLES[page] = function
        return function

    return keep


from . import clicks, drags, forms, places  # noqa: E402, F401
