"""A server's memory on the disk: conversations that clients send whole are found again after any end of it."""

import json
import os
import signal

import pytest
from cases import CHAT, wait_until
from server import Server, data_url

ANSWER = {
    "type": "json_schema",
    "json_schema": {
        "name": "answer", "strict": True,
        "schema": {
            "type": "object", "properties": {"said": {"type": "string", "enum": ["many words " * 8]}},
            "required": ["said"], "additionalProperties": False}}}
ANN, BOB = {"Authorization": "Bearer key-of-ann-1"}, {"Authorization": "Bearer key-of-bob-1"}


@pytest.fixture
def memory(tmp_path):
    """The flags of a memory of its own."""
    key = tmp_path / "key"
    key.write_bytes(os.urandom(32))
    key.chmod(0o600)
    return ["--memory", tmp_path / "store", "--key-file", key], {"XDG_STATE_HOME": str(tmp_path / "state")}


class Conversation:
    """One that its client keeps, and sends whole for every turn."""

    def __init__(self, model, headers=None):
        self.model, self.headers, self.messages, self.cached = model, headers or {}, [], []

    def say(self, server, content):
        self.messages.append({"role": "user", "content": content})
        body = {"model": self.model, "messages": self.messages, "temperature": 0, "max_tokens": 150}
        if self.model == "random":
            body["response_format"] = ANSWER
        response = server.post(CHAT, body, headers=self.headers)
        assert response.status == 200, response.body
        answer = json.loads(response.body)
        self.messages.append({"role": "assistant", "content": answer["choices"][0]["message"]["content"]})
        self.cached.append(answer["usage"]["prompt_tokens_details"]["cached_tokens"])


TURNS = {
    "random": ["tell me of it " * 10, "and now?", "and then?"],
    "spud-nano": [
        [{"type": "image_url", "image_url": {"url": data_url("scene.png")}},
         {"type": "text", "text": "what shape is the blue one?"}],
        "what colour is the star?", "how many things are there?"],
}


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("model", ["random", "spud-nano"])
def test_another_server_goes_on(memory, random_model, model, end):
    flags, environment = memory
    arguments = ["-m", random_model if model == "random" else "Models/spud-nano", "-t", 1]
    whole = Server(*arguments)
    expected = Conversation(model)
    try:
        for turn in TURNS[model]:
            expected.say(whole, turn)
    finally:
        whole.stop()
    found = Conversation(model)
    for number, turn in enumerate(TURNS[model]):
        server = Server(*arguments, *flags, environment=environment)
        try:
            found.say(server, turn)
            if end == signal.SIGKILL:
                # What is safe is told; what was not yet told may be lost.
                wait_until(lambda server=server: server.metric("spud_memory_tokens", state="waiting") == 0)
                assert number > 0 or server.metric("spud_memory_tokens", state="sealed") > 0
        finally:
            server.stop(end)
    assert found.messages == expected.messages
    assert found.cached == expected.cached and found.cached[2] >= 64


def test_one_writes_and_tenants_find_their_own(memory, random_model, tmp_path):
    flags, environment = memory
    keys = tmp_path / "keys"
    keys.write_text("ann key-of-ann-1\nbob key-of-bob-1\n")
    keys.chmod(0o600)
    arguments = ["-m", random_model, "-t", 1, "--api-key-file", keys, *flags]
    first = Server(*arguments, environment=environment)
    ann = Conversation("random", ANN)
    try:
        ann.say(first, "it is a secret " * 10)
    finally:
        assert first.stop()[0] == 0
    first = Server(*arguments, environment=environment)
    second = Server(*arguments, environment=environment)
    try:
        assert any("another process writes" in line for line in second.log)
        bob = Conversation("random", BOB)
        bob.messages = list(ann.messages)
        bob.say(first, "what is it?")
        assert bob.cached == [0]
        ann.say(second, "what is it?")
        assert ann.cached[1] >= 256
    finally:
        assert second.stop()[0] == 0
        assert first.stop()[0] == 0
    refused = Server("-m", random_model, "--memory", tmp_path / "other", ready=False,
                     environment={**environment, "CREDENTIALS_DIRECTORY": ""})
    assert refused.process.wait(60) == 64 and not (tmp_path / "other").exists()
