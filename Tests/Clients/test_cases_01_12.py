"""What users of other servers report, a test for each line of the list of cases (numbers as there): 1 to 12."""

import json
import socket
import threading
import time

import pytest
from cases import CHAT, LONG, SCHEMA, WEATHER, content, open_stream, running, wait_until
from server import Server, user


def test_01_tool_call_deltas(server):
    chunks = server.chunks(CHAT, user("weather?", model="random", stream=True, tools=[WEATHER], tool_choice="required"))
    deltas = [c["delta"] for chunk in chunks for c in chunk["choices"]]
    calls = [call for delta in deltas for call in delta.get("tool_calls", [])]
    assert calls[0]["index"] == 0 and calls[0]["type"] == "function" and calls[0]["id"]
    assert calls[0]["function"] == {"name": "get_weather", "arguments": ""}
    assert all(set(call) == {"index", "function"} and call["function"]["arguments"] for call in calls[1:])
    assert all(delta for delta in deltas[:-1]), "only the last delta is empty"
    arguments = json.loads("".join(call["function"]["arguments"] for call in calls))
    assert arguments["city"] in ("Paris", "Rome")
    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"


def test_02_stop_string_over_several_tokens(server):
    whole = json.loads(server.post(CHAT, user("hi", model="random", max_tokens=60)).body)
    text = whole["choices"][0]["message"]["content"]
    stop = text[20:24]
    body = user("hi", model="random", max_tokens=60, stop=[stop])
    expected = text[:text.index(stop)]
    assert json.loads(server.post(CHAT, body).body)["choices"][0]["message"]["content"] == expected
    chunks = server.chunks(CHAT, {**body, "stream": True})
    assert content(chunks) == expected
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
    # The beginning of a stop that does not go on is text.
    tail = user("hi", model="random", max_tokens=60, stop=[text[-2:] + "\0never"], stream=True)
    assert content(server.chunks(CHAT, tail)) == text


def test_03_utf8_split_over_tokens(server):
    # A model of bytes writes much that is no UTF-8: streamed or not, it comes out alike, and to the end.
    body = user("é漢😀", model="random", max_tokens=120, temperature=1.5, seed=3, ignore_eos=True)
    whole = json.loads(server.post(CHAT, body).body)
    assert whole["usage"]["completion_tokens"] == 120
    text = whole["choices"][0]["message"]["content"]
    assert content(server.chunks(CHAT, {**body, "stream": True})) == text
    pieces = json.loads(server.post("/tokenize", {"model": "random", "content": "é漢😀", "with_pieces": True}).body)
    assert bytes(sum((token["piece"] for token in pieces["tokens"]), [])) == "é漢😀".encode()


def test_04_logprobs(server):
    body = user("hi", model="random", max_tokens=5, logprobs=True, ignore_eos=True)
    entries = json.loads(server.post(CHAT, body).body)["choices"][0]["logprobs"]["content"]
    assert len(entries) == 5 and all(entry["logprob"] <= 0 and entry["top_logprobs"] == [] for entry in entries)
    entries = json.loads(server.post(CHAT, {**body, "top_logprobs": 3}).body)["choices"][0]["logprobs"]["content"]
    for entry in entries:
        assert set(entry) == {"token", "logprob", "bytes", "top_logprobs"}
        assert len(entry["top_logprobs"]) == 3 and entry["logprob"] <= entry["top_logprobs"][0]["logprob"]
    chunks = server.chunks(CHAT, {**body, "stream": True})
    streamed = [e for chunk in chunks for c in chunk["choices"] if c["logprobs"] for e in c["logprobs"]["content"]]
    assert [e["bytes"] for e in streamed] == [e["bytes"] for e in entries]
    assert server.post(CHAT, user("hi", top_logprobs=2)).status == 400


def test_05_usage_chunk(server):
    assert not any("usage" in chunk for chunk in server.chunks(CHAT, user("hi", stream=True)))
    chunks = server.chunks(CHAT, user("hi", stream=True, stream_options={"include_usage": True}))
    assert all(chunk["usage"] is None and chunk["choices"] for chunk in chunks[:-1])
    assert chunks[-1]["choices"] == [] and chunks[-1]["usage"]["total_tokens"] > 0


def test_06_error_in_mid_stream(random_model):
    # The context of this one is so short that the second of two prompts fails after the first was answered.
    server = Server("-m", random_model, "-t", 1, "--context", 64)
    try:
        events = server.events(
            "/v1/completions", {"prompt": ["a", "b" * 100], "max_tokens": 3, "stream": True})
        assert all(name is None for name, _ in events)
        error = json.loads(events[-1][1])["error"]
        assert set(error) == {"message", "type", "param", "code"}
        assert json.loads(events[0][1])["choices"]
        # Before the first byte there is a real status.
        assert server.post("/v1/completions", {"prompt": "b" * 100, "stream": True}).status == 400
    finally:
        server.stop()


@pytest.mark.parametrize("state", ["queued", "prompt", "answer", "whole", "half"])
def test_07_cancelled_when_the_client_goes(random_model, state):
    server = Server("-m", random_model, "-t", 1, *(["--parallel", 1] if state == "queued" else []))
    try:
        first = open_stream(server, LONG) if state == "queued" else None
        if first:
            first.recv(1000)
        body = dict(LONG)
        if state == "prompt":
            body["messages"] = [{"role": "user", "content": "x" * 6000}]
            body["max_tokens"] = 100
        if state == "whole":
            body["stream"] = False
        gone = open_stream(server, body)
        expected = 2 if first else 1
        wait_until(lambda: running(server) == expected)
        if state in ("answer", "half"):
            gone.recv(1000)
        gone.shutdown(socket.SHUT_WR) if state == "half" else gone.close()
        wait_until(lambda: running(server) == expected - 1, 2)
        if first:
            # Who waited in vain took nothing from whom it waited for.
            assert first.recv(1000)
            first.close()
            wait_until(lambda: running(server) == 0)
        assert server.post("/v1/completions", {"prompt": "a", "max_tokens": 2}).status == 200
    finally:
        server.stop()


def test_08_a_long_prompt_stops_nobody(server):
    gaps, done = [], threading.Event()

    def write():
        connection = open_stream(server, {**LONG, "max_tokens": 1500})
        last = time.monotonic()
        while not done.is_set():
            if not connection.recv(4096):
                break
            now = time.monotonic()
            gaps.append(now - last)
            last = now
        connection.close()

    thread = threading.Thread(target=write)
    thread.start()
    wait_until(lambda: len(gaps) > 5, 20)
    start = time.monotonic()
    prompt = "".join(chr(97 + i * 7 % 26) for i in range(3000))
    server.post("/v1/completions", {"model": "random", "prompt": prompt, "max_tokens": 1}, timeout=120)
    reading = time.monotonic() - start
    done.set()
    thread.join()
    # It went on while the prompt was read; how long the gaps are is for a machine that does nothing else.
    assert max(gaps[5:]) < max(reading / 2, 1)


def test_09_health_while_a_prompt_is_read(server):
    prompt = "".join(chr(97 + i * 11 % 26) for i in range(3000))
    body = {"model": "random", "prompt": prompt, "max_tokens": 1}
    thread = threading.Thread(target=lambda: server.post("/v1/completions", body, timeout=120))
    thread.start()
    times = []
    while thread.is_alive():
        start = time.monotonic()
        response = server.get("/health")
        times.append(time.monotonic() - start)
        assert response.status == 200 and json.loads(response.body)["status"] == "ok"
        time.sleep(0.01)
    assert sorted(times)[len(times) // 2] < 0.25, times


def test_10_signs_of_life_before_the_first_token(random_model):
    server = Server("-m", random_model, "-t", 1, "--parallel", 1)
    try:
        first = open_stream(server, LONG)
        first.recv(1000)
        second = open_stream(server, LONG)
        second.settimeout(20)
        text = b""
        while b": ping\n\n" not in text:
            text += second.recv(1000)
        assert b"200 OK" in text and b"data:" not in text
        first.close()
        second.close()
    finally:
        server.stop()


def test_11_no_silent_truncation(random_model):
    server = Server("-m", random_model, "-t", 1, "--context", 4096)
    try:
        # Each turn fits, all of them do not.
        messages = [{"role": role, "content": "x" * 400} for _ in range(10) for role in ("user", "assistant")]
        response = server.post(CHAT, {"messages": [*messages, {"role": "user", "content": "y"}]})
        error = json.loads(response.body)["error"]
        assert response.status == 400 and error["code"] == "context_length_exceeded"
        assert "4096" in error["message"]
        response = server.post(CHAT, user("x" * 5000))
        assert response.status == 400 and "4095" in json.loads(response.body)["error"]["message"]
    finally:
        server.stop()


def test_12_response_format(server):
    body = user("where?", model="random", response_format=SCHEMA)
    for answer in (
        json.loads(server.post(CHAT, body).body)["choices"][0]["message"]["content"],
        content(server.chunks(CHAT, {**body, "stream": True})),
    ):
        assert json.loads(answer)["city"] in ("Paris", "Rome")
    refused = user("where?", response_format={"type": "grammar"})
    assert server.post(CHAT, refused).status == 400
    endless = {"$ref": "#/$defs/a", "$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}]}}}
    start = time.monotonic()
    bad = user("a", model="random", response_format={"type": "json_schema", "json_schema": {
        "name": "a", "schema": endless}})
    assert server.post(CHAT, bad).status == 400
    assert time.monotonic() - start < 1
