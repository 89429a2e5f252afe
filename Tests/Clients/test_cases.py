"""What users of other servers report, a test for each line of the list of cases (numbers as there), and more of it."""

import base64
import json
import socket
import threading
import time

import pytest
from server import EXAMPLES, Server, data_url, user

CHAT = "/v1/chat/completions"
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather", "description": "The weather of a city.", "strict": True,
        "parameters": {
            "type": "object", "properties": {"city": {"type": "string", "enum": ["Paris", "Rome"]}},
            "required": ["city"], "additionalProperties": False}}}
SCHEMA = {
    "type": "json_schema",
    "json_schema": {"name": "answer", "strict": True, "schema": WEATHER["function"]["parameters"]}}


def wait_until(condition, seconds=5.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.02)


def running(server):
    return server.metric("spud_requests_running") + server.metric("spud_requests_waiting")


def content(chunks, choice=0):
    return "".join(
        c["delta"].get("content") or "" for chunk in chunks for c in chunk["choices"] if c["index"] == choice)


def open_stream(server, body):
    """A socket on which a request was sent, and nothing read yet."""
    data = json.dumps(body).encode()
    connection = socket.create_connection(("127.0.0.1", server.port))
    connection.sendall(
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(data) + data)
    return connection


LONG = user("tell me all", model="random", ignore_eos=True, max_tokens=4000, stream=True)


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
            body["messages"] = [{"role": "user", "content": "x" * 3500}]
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


def test_11_no_silent_truncation(server):
    # Each turn fits, all of them do not.
    messages = [{"role": role, "content": "x" * 400} for _ in range(10) for role in ("user", "assistant")]
    response = server.post(CHAT, {"model": "random", "messages": [*messages, {"role": "user", "content": "y"}]})
    error = json.loads(response.body)["error"]
    assert response.status == 400 and error["code"] == "context_length_exceeded"
    assert "4096" in error["message"]
    response = server.post(CHAT, user("x" * 5000, model="random"))
    assert response.status == 400 and "4095" in json.loads(response.body)["error"]["message"]


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


def test_13_events_of_responses(server):
    events = server.events("/v1/responses", {"input": "what is 2 plus 3?", "stream": True})
    data = [json.loads(text) for _, text in events]
    assert [name for name, _ in events] == [one["type"] for one in data]
    assert [one["sequence_number"] for one in data] == list(range(len(data)))
    names = [one["type"] for one in data]
    assert names[:2] == ["response.created", "response.in_progress"] and names[-1] == "response.completed"
    for index, item in enumerate(data[-1]["response"]["output"]):
        own = [one for one in data if one.get("output_index") == index]
        assert own[0]["type"] == "response.output_item.added" and own[-1]["type"] == "response.output_item.done"
        assert own[1]["type"] == "response.content_part.added" and own[-2]["type"] == "response.content_part.done"
        assert own[-3]["type"] in ("response.output_text.done", "response.reasoning_text.done")
        assert all(one["item_id"] == item["id"] for one in own[1:-1])
        assert all("content_index" in one for one in own[1:-1])
        assert own[-1]["item"] == item


def test_14_nobodys_text_in_another_answer(server):
    questions = [f"say {word}" for word in ("one", "two", "three", "four", "five", "six")]

    def ask(question):
        body = json.loads(server.post(CHAT, user(question, model="random", max_tokens=24)).body)
        return body["choices"][0]["message"]["content"]

    alone = [ask(question) for question in questions]
    together = [None] * len(questions)

    def run(index):
        together[index] = ask(questions[index])

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(questions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == alone


def test_15_cap_of_the_cache(random_model):
    # A page of 32 positions takes 64 KiB: room for about 1,000 of them.
    server = Server("-m", random_model, "-t", 1, "--cache-size", "2M")
    try:
        answers = [server.post("/v1/completions", {"prompt": f"{i}" * 150, "max_tokens": 4}) for i in range(8)]
        assert all(answer.status == 200 for answer in answers)
        response = server.post("/v1/completions", {"prompt": "a" * 1500, "max_tokens": 2000})
        assert response.status == 400 and b"2000" in response.body and b"2048" in response.body
    finally:
        server.stop()


def test_16_media_are_never_taken_for_others(server):
    def ask(name, text):
        parts = [{"type": "image_url", "image_url": {"url": name}}, {"type": "text", "text": text}]
        return json.loads(server.post(CHAT, user(parts)).body)

    scene = data_url("scene.png")
    other = json.loads(server.post("/v1/images/generations", {"prompt": "draw a red circle"}).body)
    other = "data:image/png;base64," + other["data"][0]["b64_json"]
    first = ask(scene, "what shape is the blue one?")
    ask(other, "what shape is the blue one?")
    again = ask(scene, "what shape is the blue one?")
    assert again["choices"][0]["message"] == first["choices"][0]["message"]
    assert again["usage"]["prompt_tokens_details"]["cached_tokens"] > 0
    assert first["usage"]["prompt_tokens_details"]["image_tokens"] == 64


def test_17_prefix_found_again(server):
    body = user("a" * 500 + "tail", model="random", max_tokens=2)
    server.post(CHAT, body)
    server.post(CHAT, user("something else", model="random", max_tokens=2))
    usage = json.loads(server.post(CHAT, body).body)["usage"]
    assert usage["prompt_tokens_details"]["cached_tokens"] >= 480


def test_18_answers_do_not_depend_on_the_cache(server):
    body = user("b" * 300, model="random", max_tokens=32)
    cold = json.loads(server.post(CHAT, body).body)
    warm = json.loads(server.post(CHAT, body).body)
    assert warm["choices"] == cold["choices"] and warm["timings"]["cache_n"] > cold["timings"]["cache_n"]


def test_19_metrics(server):
    from prometheus_client.parser import text_string_to_metric_families as parse

    before = server.metric("spud_generation_tokens_total")
    server.post(CHAT, user("hi", model="random", max_tokens=7, ignore_eos=True))
    assert server.metric("spud_generation_tokens_total") == before + 7
    response = server.get("/metrics")
    assert response.getheader("content-type").startswith("text/plain; version=0.0.4")
    families = {family.name: family for family in parse(response.body.decode())}
    for name, family in families.items():
        assert family.documentation and family.type in ("counter", "gauge", "histogram"), name
    histogram = families["spud_time_to_first_token_seconds"]
    counts = {}
    for sample in histogram.samples:
        if sample.name.endswith("_bucket"):
            counts.setdefault(sample.labels["model"], []).append(sample.value)
    assert counts and all(values == sorted(values) for values in counts.values())


def test_20_cors(random_model, tmp_path):
    keys = tmp_path / "keys"
    keys.write_text("ann key-of-ann-1\n")
    keys.chmod(0o600)
    origin = "https://page.example"
    server = Server("-m", random_model, "-t", 1, "--allow-origin", origin, "--api-key-file", keys)
    asked = {
        "Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Private-Network": "true",
        "Access-Control-Request-Headers": "authorization,content-type,x-stainless-os,x-evil"}
    try:
        response = server.request("OPTIONS", CHAT, headers=asked)
        assert response.status == 204, "a preflight needs no key"
        assert response.getheader("access-control-allow-origin") == origin
        assert response.getheader("access-control-allow-private-network") == "true"
        assert response.getheader("access-control-allow-headers") == "authorization, content-type, x-stainless-os"
        other = server.request("OPTIONS", CHAT, headers={**asked, "Origin": "https://other.example"})
        assert other.status == 403 and other.getheader("access-control-allow-origin") is None
        key = {"Origin": origin, "Authorization": "Bearer key-of-ann-1"}
        for stream in (False, True):
            response = server.post(CHAT, user("a", max_tokens=2, stream=stream), headers=key)
            assert response.status == 200 and response.getheader("access-control-allow-origin") == origin
        evil = {**key, "Origin": "https://other.example"}
        assert server.post(CHAT, user("a"), headers=evil).status == 403
    finally:
        server.stop()


def test_20_no_page_elsewhere_may_ask(server):
    assert server.post(CHAT, user("a"), headers={"Origin": "https://other.example"}).status == 403
    response = server.request("OPTIONS", CHAT, headers={"Origin": "https://other.example"})
    assert response.status == 403
    # A name elsewhere that stands for this machine.
    assert server.post(CHAT, user("a"), headers={"Host": "other.example"}).status == 403
    own = {"Origin": f"http://127.0.0.1:{server.port}"}
    assert server.post(CHAT, user("a", max_tokens=2), headers=own).status == 200


def test_21_body_limits(random_model):
    server = Server("-m", random_model, "-t", 1, "--body-limit", "1M")
    try:
        response = server.post(CHAT, user("a" * (1 << 20)))
        error = json.loads(response.body)["error"]
        assert response.status == 413 and "1048576" in error["message"] and "--body-limit" in error["message"]
        # Of a length that is not announced.
        connection = server.connect()
        chunks = (b"x" * 65536 for _ in range(32))
        connection.request("POST", CHAT, chunks, {"Content-Type": "application/json"}, encode_chunked=True)
        assert connection.getresponse().status == 413
    finally:
        server.stop()


def test_21_a_large_picture_as_data_url(server):
    import struct
    import zlib

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = b"".join(b"\0" + bytes((x * y) % 251 for x in range(800 * 3)) for y in range(600))
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 800, 600, 8, 2, 0, 0, 0))
    png += chunk(b"IDAT", zlib.compress(rows, 0)) + chunk(b"IEND", b"")
    url = "data:image/png;base64," + base64.b64encode(png).decode()
    assert len(url) > 1 << 20
    parts = [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": "what is it?"}]
    assert server.post(CHAT, user(parts, max_tokens=5)).status == 200


def form(fields):
    """A form with files: (content type, body)."""
    parts = []
    for name, value in fields.items():
        head = f'Content-Disposition: form-data; name="{name}"'
        if isinstance(value, bytes):
            head += '; filename="sound"'
        else:
            value = value.encode()
        parts.append(b"--b0\r\n" + head.encode() + b"\r\n\r\n" + value + b"\r\n")
    return {"Content-Type": "multipart/form-data; boundary=b0"}, b"".join(parts) + b"--b0--\r\n"


def test_22_audio(server):
    sound = (EXAMPLES / "digits.wav").read_bytes()
    texts = {}
    for kind in ("json", "text", "srt", "vtt", "verbose_json"):
        headers, body = form({"file": sound, "response_format": kind, "model": "spud-nano"})
        response = server.post("/v1/audio/transcriptions", body, headers=headers)
        assert response.status == 200, response.body
        texts[kind] = response.body.decode()
    spoken = json.loads(texts["json"])["text"]
    assert spoken and texts["text"] == spoken + "\n" and json.loads(texts["verbose_json"])["text"] == spoken
    assert spoken in texts["srt"] and texts["vtt"].startswith("WEBVTT")
    assert "<think>" not in spoken
    headers, body = form({"file": bytes(range(256)) * 40})
    response = server.post("/v1/audio/transcriptions", body, headers=headers)
    assert response.status == 400 and json.loads(response.body)["error"]["message"]
    # A sound where a picture should be.
    url = "data:audio/wav;base64," + base64.b64encode(sound).decode()
    parts = [{"type": "image_url", "image_url": {"url": url}}]
    assert server.post(CHAT, user(parts)).status == 400
    assert server.post("/v1/audio/speech", {"input": "one", "response_format": "mp3"}).status == 400


def test_22_a_cut_recording_is_remarked_on(server):
    sound = (EXAMPLES / "digits.wav").read_bytes()
    parts = [
        {"type": "input_audio", "input_audio": {"data": base64.b64encode(sound[:-4000]).decode(), "format": "wav"}},
        {"type": "text", "text": "what is said?"}]
    body = json.loads(server.post(CHAT, user(parts)).body)
    assert any("cut short" in remark or "bytes" in remark for remark in body["remarks"]), body["remarks"]


def test_23_what_was_generated_is_found_again(server):
    messages = [{"role": "user", "content": "c" * 100}]
    word = {"type": "object", "properties": {"word": {"type": "string", "enum": ["x" * 120]}}, "required": ["word"],
            "additionalProperties": False}
    body = json.loads(server.post(CHAT, {
        "model": "random", "messages": messages,
        "response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": word}}}).body)
    answer = body["choices"][0]["message"]["content"]
    messages += [{"role": "assistant", "content": answer}, {"role": "user", "content": "and?"}]
    usage = json.loads(server.post(CHAT, {"model": "random", "messages": messages, "max_tokens": 2}).body)["usage"]
    read = usage["prompt_tokens"] - usage["prompt_tokens_details"]["cached_tokens"]
    # Only what is new, and the blocks of 32 that are not whole.
    assert read <= 96, usage


def test_24_keep_alive_and_many_waiting(server):
    connection = server.connect()
    for _ in range(3):
        connection.request("POST", CHAT, json.dumps(user("hi", max_tokens=3)))
        assert connection.getresponse().read()
        connection.request("POST", CHAT, json.dumps(user("hi", max_tokens=3, stream=True)))
        assert connection.getresponse().read().endswith(b"data: [DONE]\n\n")
    connection.close()
    # More streams than there are threads, and the server still answers.
    streams = [open_stream(server, {**LONG, "max_tokens": 200}) for _ in range(12)]
    start = time.monotonic()
    assert server.get("/v1/models").status == 200
    assert time.monotonic() - start < 2
    for stream in streams:
        stream.close()
    wait_until(lambda: running(server) == 0)


def test_25_cached_and_new_prompts_together(server):
    bodies = [user("d" * 200 + str(index % 2), model="random", max_tokens=8) for index in range(6)]
    expected = [json.loads(server.post(CHAT, body).body)["choices"] for body in bodies[:2]]
    bodies.append(user("quite another one", model="random", max_tokens=8))
    answers = [None] * len(bodies)

    def run(index):
        answers[index] = json.loads(server.post(CHAT, bodies[index]).body)["choices"]

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(bodies))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers[:6] == [expected[index % 2] for index in range(6)] and answers[6]
