"""Starts the release server on a free loopback port, and speaks HTTP with it without any client's help."""

import http.client
import json
import os
import re
import signal
import subprocess
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("SPUD_SERVER", ROOT / ".build-server/release/spud-server"))
EXAMPLES = ROOT / "Models/spud-nano/examples"


class Server:
    """A server of its own, with the arguments given; `log` holds what it says."""

    def __init__(self, *arguments, ready=True, environment=None):
        self.log = []
        self.process = subprocess.Popen(
            [PROGRAM, "--port", "0", *map(str, arguments)], cwd=ROOT, stderr=subprocess.PIPE, text=True,
            env={**os.environ, **(environment or {})})
        self.port, self.ready, self.exited = None, threading.Event(), threading.Event()
        listening = threading.Event()
        models = max(1, sum(argument in ("-m", "--model") for argument in map(str, arguments)))

        def read():
            count = 0
            for line in self.process.stderr:
                self.log.append(line.rstrip())
                if found := re.search(r"listening on http://[^ ]*:(\d+)/", line):
                    self.port = int(found[1])
                    listening.set()
                count += "is ready" in line
                if count == models:
                    self.ready.set()
            self.exited.set()
            listening.set()
            self.ready.set()

        threading.Thread(target=read, daemon=True).start()
        if ready:
            assert listening.wait(60) and self.ready.wait(120), self.log
            assert self.port, self.log

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def connect(self, timeout=60):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def request(self, method, path, body=None, headers=None, timeout=60):
        """The response, with `.body` read; a body that is no bytes is sent as JSON."""
        connection = self.connect(timeout)
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        response.body = response.read()
        connection.close()
        return response

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, body, **options):
        return self.request("POST", path, body, **options)

    def events(self, path, body, headers=None, timeout=60):
        """The events of a stream: (name or None, data as text), comments left out."""
        connection = self.connect(timeout)
        connection.request("POST", path, json.dumps(body), headers or {})
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        assert response.status == 200, text
        assert text.endswith("\n\n"), "a stream ends with a blank line"
        events = []
        for block in text.split("\n\n"):
            lines = [line for line in block.split("\n") if line and not line.startswith(":")]
            if lines:
                names = [line[7:] for line in lines if line.startswith("event: ")]
                data = [line[6:] for line in lines if line.startswith("data: ")]
                events.append((names[0] if names else None, "\n".join(data)))
        return events

    def chunks(self, path, body, **options):
        """The data of a stream of OpenAI's as JSON, `[DONE]` checked and left out."""
        events = self.events(path, body, **options)
        assert events[-1] == (None, "[DONE]")
        return [json.loads(data) for _, data in events[:-1]]

    def metric(self, name, **labels):
        """The sum of a metric's values over all labels that match."""
        total = 0.0
        for line in self.get("/metrics").body.decode().splitlines():
            if re.match(name + r"[{ ]", line) and all(f'{key}="{value}"' in line for key, value in labels.items()):
                total += float(line.rsplit(" ", 1)[1])
        return total

    def stop(self, number=signal.SIGTERM, timeout=15):
        """Ends it, and returns its exit code and how long that took."""
        start = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            self.process.wait(timeout)
        finally:
            if self.process.poll() is None:
                self.process.kill()
        return self.process.returncode, time.monotonic() - start


def user(text, **options):
    """The body of a chat completion that asks one question."""
    return {"messages": [{"role": "user", "content": text}], **options}


def data_url(name, kind="image/png"):
    import base64

    return f"data:{kind};base64," + base64.b64encode((EXAMPLES / name).read_bytes()).decode()
