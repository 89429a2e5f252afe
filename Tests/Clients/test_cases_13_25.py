"""What users of other servers report, a test for each line of the list of cases (numbers as there): 13 to 25."""

import base64
import json
import threading
import time

from cases import CHAT, LONG, open_stream, running, wait_until
from server import EXAMPLES, Server, data_url, user


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
