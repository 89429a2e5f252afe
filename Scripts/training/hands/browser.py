"""Debian's chromium-headless-shell over a pipe, drawn frame by frame (BeginFrame), so that a screen depends on nothing
but the page.

Messages are JSON ended by NUL: the browser reads them at descriptor 3 and writes them at 4. Every call has a deadline;
`BrowserLost` says that one has passed, and whoever holds the browser starts another.
"""

import base64
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time

FLAGS = """
--headless --remote-debugging-pipe --run-all-compositor-stages-before-draw --enable-begin-frame-control
--no-first-run --disable-gpu --force-device-scale-factor=1 --hide-scrollbars --disable-background-networking
--disable-component-update --disable-extensions --force-color-profile=srgb --disable-back-forward-cache
--disable-hang-monitor --disable-ipc-flooding-protection --disable-renderer-backgrounding
--disable-features=PaintHolding --no-sandbox
""".split()
WIDTH, HEIGHT = 500, 320


class BrowserLost(Exception):
    """The browser did not answer in time, or is gone."""


class Browser:
    """One browser with one tab of 500×320 pixels."""

    def __init__(self, deadline: float = 8.0):
        self.deadline = deadline
        self.profile = tempfile.mkdtemp(prefix="spud-hands-")
        reads, writes = os.pipe(), os.pipe()
        command = [
            "chromium-headless-shell",
            *FLAGS,
            "--host-resolver-rules=MAP * ~NOTFOUND",
            f"--user-data-dir={self.profile}",
            "about:blank",
        ]
        # A shell moves the descriptors: those that Python was given may have any number.
        moved = f'exec "$0" "$@" 3<&{reads[0]} 4>&{writes[1]}'
        self.process = subprocess.Popen(
            ["sh", "-c", moved, *command],
            pass_fds=(reads[0], writes[1]),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(reads[0])
        os.close(writes[1])
        self.to, self.back = reads[1], writes[0]
        self.number, self.buffer, self.answers, self.events, self.session = 0, bytearray(), {}, [], None
        target = self.call(
            "Target.createTarget", url="about:blank", width=WIDTH, height=HEIGHT, enableBeginFrameControl=True
        )["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.call("Page.enable")

    def close(self) -> None:
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        for end in (self.to, self.back):
            os.close(end)
        shutil.rmtree(self.profile, ignore_errors=True)

    def send(self, method: str, **parameters) -> int:
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        try:
            os.write(self.to, json.dumps(message).encode() + b"\0")
        except OSError as error:
            raise BrowserLost(str(error)) from error
        return self.number

    def wait(self, number: int) -> dict:
        """The answer to a message that was sent."""
        until = time.monotonic() + self.deadline
        while number not in self.answers:
            self.read(until)
        answer = self.answers.pop(number)
        if "error" in answer:
            raise RuntimeError(answer["error"]["message"])
        return answer["result"]

    def read(self, until: float) -> None:
        left = until - time.monotonic()
        if left <= 0 or not select.select([self.back], [], [], left)[0]:
            raise BrowserLost("the browser did not answer in time")
        more = os.read(self.back, 1 << 20)
        if not more:
            raise BrowserLost("the browser has ended")
        self.buffer += more
        *whole, rest = self.buffer.split(b"\0")
        self.buffer = rest
        for message in map(json.loads, whole):
            if "id" in message:
                self.answers[message["id"]] = message
            else:
                self.events.append(message["method"])

    def call(self, method: str, **parameters) -> dict:
        return self.wait(self.send(method, **parameters))

    def evaluate(self, expression: str):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"].get("exception", {}).get("description", "error")[:400])
        return answer["result"].get("value")

    def open(self, url: str) -> None:
        self.events.clear()
        until = time.monotonic() + self.deadline
        self.call("Page.navigate", url=url)
        while "Page.loadEventFired" not in self.events:
            self.read(until)

    def frame(self) -> None:
        self.call("HeadlessExperimental.beginFrame")

    def screenshot(self) -> bytes:
        """The tab as PNG."""
        for _ in range(20):
            answer = self.call(
                "HeadlessExperimental.beginFrame", screenshot={"format": "png", "optimizeForSpeed": True}
            )
            if "screenshotData" in answer:
                return base64.b64decode(answer["screenshotData"])
        raise BrowserLost("no screenshot in twenty frames")

    def dispatch(self, method: str, **parameters) -> None:
        """An input event. It is answered after a frame, and sometimes two, so frames are asked for until the answer is
        there."""
        sent, until = self.send(method, **parameters), time.monotonic() + self.deadline
        while sent not in self.answers:
            self.frame()
            if sent not in self.answers and select.select([self.back], [], [], 0.004)[0]:
                self.read(until)
            if time.monotonic() > until:
                raise BrowserLost("an input event was not answered in time")
        self.wait(sent)
