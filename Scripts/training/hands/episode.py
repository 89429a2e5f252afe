"""An episode of a MiniWoB++ page: start it from a seed, look at it, act on it with pointer and keys, read its
reward."""

import io
import os
import time
from pathlib import Path

import numpy as np
from browser import Browser
from PIL import Image
from screen import HEIGHT, WIDTH

KEYS = {
    "enter": ("Enter", 13, "\r"),
    "tab": ("Tab", 9, ""),
    "backspace": ("Backspace", 8, ""),
    "escape": ("Escape", 27, ""),
    "left": ("ArrowLeft", 37, ""),
    "up": ("ArrowUp", 38, ""),
    "right": ("ArrowRight", 39, ""),
    "down": ("ArrowDown", 40, ""),
    "all": ("a", 65, ""),
}  # all: control and A, which selects everything
Action = tuple  # ("click", x, y), ("drag", x, y, x, y), ("type", text), ("key", name), ("done",)


def pages() -> Path:
    """Where the pages lie: the folder html/miniwob of PyPI's miniwob."""
    named = os.environ.get("MINIWOB")
    if named:
        return Path(named)
    import importlib.util

    found = importlib.util.find_spec("miniwob")
    if not found:
        raise SystemExit(
            "PyPI's miniwob is not installed, and MINIWOB does not name the folder of its pages, html/miniwob: "
            "Scripts/training/train_hands installs it in $WORK/venv"
        )
    return Path(found.submodule_search_locations[0]) / "html" / "miniwob"


class Episode:
    def __init__(self, browser: Browser, page: str, seed: str):
        self.browser, self.page = browser, page
        browser.open((pages() / f"{page}.html").as_uri())
        browser.evaluate(f"Math.seedrandom({seed!r}); core.EPISODE_MAX_TIME = 1e8; core.startEpisodeReal(); 0")
        until = time.monotonic() + browser.deadline
        while not browser.evaluate("WOB_TASK_READY") and time.monotonic() < until:
            browser.frame()
        self.task: str = browser.evaluate("core.getUtterance()")

    def look(self) -> np.ndarray:
        """The region of the page once it stands still: [210, 160, 3]."""
        before = None
        for _ in range(60):
            now = np.asarray(Image.open(io.BytesIO(self.browser.screenshot())).convert("RGB"))[:HEIGHT, :WIDTH]
            if before is not None and (now == before).all():
                return now
            before = now
            time.sleep(0.012)
        return before

    def pointer(self, kind: str, x: int, y: int, **more) -> None:
        self.browser.dispatch("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def act(self, action: Action) -> None:
        held = {"button": "left", "buttons": 1, "clickCount": 1}
        if action[0] in ("click", "drag"):
            self.pointer("mouseMoved", *action[1:3])
            self.pointer("mousePressed", *action[1:3], **held)
            last = action[1:3]
            if action[0] == "drag":
                (x, y), last = last, action[3:5]
                for part in (1, 2, 3, 4):
                    self.pointer(
                        "mouseMoved",
                        x + (last[0] - x) * part // 4,
                        y + (last[1] - y) * part // 4,
                        button="left",
                        buttons=1,
                    )
            self.pointer("mouseReleased", *last, **held | {"buttons": 0})
        elif action[0] == "type":
            for letter in action[1]:
                self.browser.dispatch("Input.dispatchKeyEvent", type="keyDown", text=letter, key=letter)
                self.browser.dispatch("Input.dispatchKeyEvent", type="keyUp", key=letter)
        elif action[0] == "key":
            name, code, text = KEYS[action[1]]
            more = {"modifiers": 2, "commands": ["selectAll"]} if action[1] == "all" else {}
            shared = {"key": name, "code": name, "windowsVirtualKeyCode": code} | more
            self.browser.dispatch(
                "Input.dispatchKeyEvent",
                type="keyDown" if text else "rawKeyDown",
                **shared | ({"text": text} if text else {}),
            )
            self.browser.dispatch("Input.dispatchKeyEvent", type="keyUp", **shared)

    def reward(self) -> float | None:
        """The raw reward once the episode is over."""
        done, raw = self.browser.evaluate("[WOB_DONE_GLOBAL, WOB_RAW_REWARD_GLOBAL]")
        return raw if done else None
