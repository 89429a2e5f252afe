"""Oracles: for each page a function that reads the page's DOM, when demonstrations are made and never else, and says
what to do.

An oracle is a generator: it yields actions, and after each the page has changed. A click names a rectangle, and
`demonstrate.py` picks the place in it. The task is the page's own text, which the agent has too.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from browser import Browser

ORACLES: dict[str, Callable] = {}
LIBRARY = (Path(__file__).parent / "library.js").read_text()


class Dom:
    """What an oracle reads."""

    def __init__(self, browser: Browser, task: str, seed: str):
        self.browser, self.task, self.seed = browser, task, seed

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
