"""The page in a real browser, driven from outside: a question is asked with the keyboard alone."""

import json
import re
import shutil
import subprocess
import time
import urllib.request

import pytest
from websockets.sync.client import connect

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class Page:
    """One page of a browser of its own."""

    def __init__(self, folder, width, scheme):
        assert BROWSER, "Scripts/install test installs a browser, and there is none"
        self.process = subprocess.Popen(
            [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", "--mute-audio",
             f"--user-data-dir={folder}", "about:blank"], stderr=subprocess.PIPE, text=True)
        port = None
        for line in self.process.stderr:
            if found := re.search(r"ws://127\.0\.0\.1:(\d+)/", line):
                port = found[1]
                break
        pages = json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/json"))
        page = next(page for page in pages if page["type"] == "page")
        self.socket, self.count, self.requests, self.errors = connect(
            page["webSocketDebuggerUrl"], max_size=None), 0, [], []
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def call(self, method, **parameters):
        self.count += 1
        self.socket.send(json.dumps({"id": self.count, "method": method, "params": parameters}))
        while True:
            message = json.loads(self.socket.recv(timeout=60))
            if message.get("id") == self.count:
                return message.get("result", {})
            if message.get("method") == "Network.requestWillBeSent":
                self.requests.append(message["params"]["request"]["url"])
            if message.get("method") == "Runtime.exceptionThrown":
                self.errors.append(message["params"])
            if message.get("method") == "Log.entryAdded" and message["params"]["entry"]["level"] == "error":
                self.errors.append(message["params"])

    def value(self, expression):
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True).get("result", {}).get("value")

    def wait(self, expression, seconds=30):
        end = time.monotonic() + seconds
        while not self.value(expression):
            assert time.monotonic() < end, f"{expression} did not come to pass; {self.errors}"
            time.sleep(0.05)

    def press(self, key, code, text=""):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code,
                      **({"text": text} if kind == "keyDown" and text else {}))

    def close(self):
        self.socket.close()
        self.process.kill()
        self.process.wait()


@pytest.mark.parametrize("width, scheme", [(1400, "light"), (400, "dark")])
def test_page(server, tmp_path, width, scheme):
    page = Page(tmp_path, width, scheme)
    try:
        page.call("Page.navigate", url=server.url + "/")
        page.wait("typeof state === 'object' && state.models.length === 2")
        assert page.value("document.documentElement.scrollWidth") <= width, "nothing is wider than the window"
        assert page.value("document.activeElement.id") == "question"
        page.call("Input.insertText", text="draw a red circle")
        page.press("Enter", 13, "\r")
        page.wait("state.messages.length === 2 && !state.answering")
        assert page.value("document.querySelectorAll('#stream i.image').length") == 64
        assert page.value("document.querySelectorAll('.turn.assistant img').length") == 1
        assert page.value("experts.counts.flat().reduce((a, b) => a + b)") >= 64 * 4 * 2
        # Backwards from the end of the page, the tokens are reached, and gone through.
        page.value("byID('stream').focus()")
        page.press("ArrowRight", 39)
        page.press("ArrowRight", 39)
        assert page.value("byID('token').textContent").startswith("2. ")
        assert not page.errors
        assert all(url.startswith((server.url, "data:", "blob:")) for url in page.requests), page.requests
    finally:
        page.close()
