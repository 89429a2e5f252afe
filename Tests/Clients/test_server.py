"""The server itself: models, keys, limits, refusals, its beginning and its end."""

import json
import os
import socket
import subprocess
import threading
import time

import pytest
from cases import CHAT, LONG, open_stream, wait_until
from random_model import write_slow_model
from server import PROGRAM, ROOT, Server, data_url, user


def error(response):
    return json.loads(response.body)["error"]


def test_models(server):
    models = json.loads(server.get("/v1/models").body)["data"]
    assert [model["id"] for model in models] == ["spud-nano", "random"]
    assert models[0]["architecture"]["output_modalities"] == ["text", "image", "audio"]
    assert models[1]["architecture"]["output_modalities"] == ["text"]
    assert json.loads(server.get("/v1/models/spud-nano").body) == models[0]
    response = server.get("/v1/models/other")
    assert response.status == 404 and error(response)["code"] == "model_not_found"
    response = server.post(CHAT, user("hi", model="other"))
    assert response.status == 404 and error(response)["code"] == "model_not_found"


@pytest.mark.parametrize(
    "body, parameter",
    [
        (b"{", None), (b"[1]", None), (b"\xff", None), ({}, "messages"), ({"messages": []}, "messages"),
        (user("a", foo=1), "foo"), (user("a", n=10**9), "n"), (user("a", functions=[{}]), "functions"),
        (user("a", temperature="hot"), "temperature"), (user("a", stop=[""]), "stop"),
        (user([{"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}]), None),
        (user([{"type": "image_url", "image_url": {"url": "http://169.254.169.254/latest"}}]), None),
        (user([{"type": "image_url", "image_url": {"url": "file:///etc/passwd"}}]), None),
        (user([{"type": "image_url", "image_url": {"url": "data:image/png;base64,aGVsbG8="}}]), None),
        (user([{"type": "image_url", "image_url": {"url": "data:image/png;base64,%%%"}}]), None),
        (user([{"type": "input_audio", "input_audio": {"data": "", "format": "wav"}}]), None),
        (user([{"type": "video", "frames": []}]), None), (user("a", tools=[{"type": "function"}]), None),
        (user("a", tools=[{"type": "function", "function": {"name": "f"}}]), "tools"),
        ({"messages": [{"role": "assistant", "content": "a"}]}, "messages"),
    ])
def test_refusals(server, body, parameter):
    start = time.monotonic()
    response = server.post(CHAT, body)
    assert time.monotonic() - start < 1
    found = error(response)
    assert response.status == 400 and len(found["message"]) > 10
    assert set(found) == {"message", "type", "param", "code"}
    if parameter:
        assert found["param"] == parameter


def test_unknown_places(server):
    assert server.get("/v1/nothing").status == 404
    assert server.get(CHAT).status == 405
    assert server.request("HEAD", "/health").body == b""


@pytest.mark.parametrize("request_", [
    "GET /health HTTP/1.0\r\n\r\n", "GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    "GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Close\r\n\r\n",
    "GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: TE, close\r\n\r\n",
])
def test_who_expects_the_connection_to_be_closed_sees_it_closed(server, request_):
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(request_.encode())
        answer = b""
        while part := connection.recv(4096):  # a timeout, were it kept open
            answer += part
    assert answer.startswith(b"HTTP/1.1 200") and answer.endswith(b"}")


def test_who_does_not_keeps_it(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        for _ in range(2):
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            answer = b""
            while not answer.endswith(b"}"):
                part = connection.recv(4096)
                assert part
                answer += part


def test_pictures_sounds_and_films(server):
    def ask(*parts, **options):
        response = server.post(CHAT, user(list(parts), **options))
        assert response.status == 200, response.body
        return json.loads(response.body)

    image = {"type": "image_url", "image_url": {"url": data_url("scene.png")}}
    answer = ask(image, {"type": "text", "text": "what shape is the blue one?"})
    assert answer["choices"][0]["message"]["content"]
    film = {"type": "video", "frames": [data_url("scene.png")] * 4, "frames_per_second": 4}
    answer = ask(film, {"type": "text", "text": "what happens?"})
    assert answer["usage"]["prompt_tokens_details"]["image_tokens"] == 4 * 64
    answer = ask({"type": "text", "text": "draw a red circle"}, modalities=["image"])
    url = answer["choices"][0]["message"]["images"][0]["image_url"]["url"]
    assert url.startswith("data:image/png;base64,")
    assert answer["usage"]["completion_tokens_details"]["image_tokens"] == 64
    answer = ask({"type": "text", "text": "say seven two"}, modalities=["text", "audio"],
                 audio={"voice": "any", "format": "pcm16"})
    assert answer["choices"][0]["message"]["audio"]["data"]
    chunks = server.chunks(CHAT, user("draw a red circle", modalities=["image"], stream=True))
    assert any("images" in c["delta"] for chunk in chunks for c in chunk["choices"])


def test_pictures_as_they_are_drawn(server):
    events = server.events(
        "/v1/images/generations", {"prompt": "draw a red circle", "stream": True, "partial_images": 3})
    data = [json.loads(text) for _, text in events]
    partial = [one for one in data if one["type"] == "image_generation.partial_image"]
    assert [one["partial_image_index"] for one in partial] == [0, 1, 2]
    assert len({one["b64_json"] for one in partial}) == 3
    assert data[-1]["type"] == "image_generation.completed" and data[-1]["usage"]["output_tokens"] > 64


def test_embeddings(server):
    response = server.post("/v1/embeddings", {"model": "random", "input": ["one", "two", "one"]})
    assert response.status == 200, response.body
    vectors = [item["embedding"] for item in json.loads(response.body)["data"]]
    assert vectors[0] == vectors[2] != vectors[1]
    assert abs(sum(x * x for x in vectors[0]) - 1) < 1e-3


def test_several_answers(server):
    body = user("hi", model="random", n=3, temperature=1, seed=5, max_tokens=12)
    choices = json.loads(server.post(CHAT, body).body)["choices"]
    assert [choice["index"] for choice in choices] == [0, 1, 2]
    assert len({choice["message"]["content"] for choice in choices}) == 3
    again = json.loads(server.post(CHAT, body).body)["choices"]
    assert again == choices


def test_keys_and_rates(random_model, tmp_path):
    keys = tmp_path / "keys"
    keys.write_text("# who may ask\nann key-of-ann-1\nbob key-of-bob-1\n")
    keys.chmod(0o644)
    refused = subprocess.run(
        [PROGRAM, "-m", random_model, "--api-key-file", keys], capture_output=True, text=True, timeout=60)
    assert refused.returncode == 65 and "chmod 600" in refused.stderr
    keys.chmod(0o600)
    server = Server("-m", random_model, "-t", 1, "--api-key-file", keys, "--rate-limit", 2)
    body = user("a" * 200, max_tokens=2)
    try:
        assert server.get("/health").status == 200
        assert server.get("/v1/models").status == 401
        response = server.post(CHAT, body, headers={"Authorization": "Bearer nobody-s-key"})
        assert response.status == 401 and response.getheader("www-authenticate") == "Bearer"
        ann, bob = {"Authorization": "Bearer key-of-ann-1"}, {"x-api-key": "key-of-bob-1"}
        assert server.post(CHAT, body, headers=ann).status == 200
        # What one tenant asked is not found again by another.
        answer = json.loads(server.post(CHAT, body, headers=bob).body)
        assert answer["usage"]["prompt_tokens_details"]["cached_tokens"] == 0
        assert server.post(CHAT, body, headers=ann).status == 200
        limited = server.post(CHAT, body, headers=ann)
        assert limited.status == 429 and int(limited.getheader("retry-after")) >= 1
        assert server.post(CHAT, body, headers=bob).status == 200
        assert not any("key-of" in line or "aaaa" in line for line in server.log)
        assert any(" ann" in line for line in server.log)
    finally:
        server.stop()


def test_other_machines_need_keys(random_model):
    refused = subprocess.run([PROGRAM, "--host", "0.0.0.0"], capture_output=True, text=True, timeout=60)
    assert refused.returncode == 64 and "--api-key-file" in refused.stderr


def test_bad_beginnings(server):
    taken = subprocess.run([PROGRAM, "--port", str(server.port)], capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert taken.returncode == 74 and str(server.port) in taken.stderr
    missing = subprocess.run([PROGRAM, "-m", "no/such/model"], capture_output=True, text=True, timeout=60)
    assert missing.returncode == 66


def test_while_a_model_loads(tmp_path):
    server = Server("-m", write_slow_model(tmp_path / "slow"), "-t", 1, ready=False)
    try:
        wait_until(lambda: server.port)
        responses = [server.get("/health"), server.post(CHAT, user("a"))]
        for response in responses:
            assert response.status == 503 and error(response)["code"] == "model_loading"
            assert "%)" in error(response)["message"] and int(response.getheader("retry-after")) >= 1
        assert server.ready.wait(60)
        assert server.get("/health").status == 200
    finally:
        server.stop()


def test_nobody_reads_the_log(random_model, tmp_path):
    path = tmp_path / "socket"
    read, write = os.pipe()
    process = subprocess.Popen([PROGRAM, "-m", random_model, "-t", "1", "--unix", path], stderr=write)
    os.close(write)
    try:
        wait_until(path.exists)
        os.close(read)
        for _ in range(2):
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(str(path))
                connection.sendall(b"GET /health HTTP/1.1\r\nHost: any\r\nConnection: close\r\n\r\n")
                assert connection.recv(100).startswith(b"HTTP/1.1 ")
        process.terminate()
        assert process.wait(15) == 0
    finally:
        process.kill()


def test_a_full_queue(random_model):
    server = Server("-m", random_model, "-t", 1, "--parallel", 1, "--queue", 1)
    try:
        first = open_stream(server, LONG)
        first.recv(1000)
        second = open_stream(server, LONG)
        wait_until(lambda: server.metric("spud_requests_waiting") == 1)
        response = server.post(CHAT, user("a"))
        assert response.status == 429 and int(response.getheader("retry-after")) >= 1
        first.close()
        second.close()
    finally:
        server.stop()


def test_unix_socket(random_model, tmp_path):
    path = tmp_path / "s"
    server = Server("-m", random_model, "-t", 1, "--unix", path, ready=False)
    try:
        assert server.ready.wait(60)
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(path))
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: any\r\nConnection: close\r\n\r\n")
        assert b"200 OK" in connection.recv(1000)
    finally:
        code, _ = server.stop()
        assert code == 0 and not path.exists()


def test_the_end_tells_open_streams(random_model):
    server = Server("-m", random_model, "-t", 1)
    stream = open_stream(server, LONG)
    parts, started = [], threading.Event()

    def read():
        while part := stream.recv(65536):
            parts.append(part)
            started.set()

    reader = threading.Thread(target=read)
    reader.start()
    assert started.wait(30)
    silent = socket.create_connection(("127.0.0.1", server.port))
    code, seconds = server.stop()
    reader.join(10)
    assert code == 0 and seconds < 10
    text = b"".join(parts)
    assert b"shutting down" in text and b"503" not in text.split(b"\r\n")[0]
    silent.close()


def test_request_ids(server):
    response = server.get("/health", headers={"x-request-id": "mine-1"})
    assert response.getheader("x-request-id") == "mine-1"
    assert server.get("/health").getheader("x-request-id").startswith("req_")


def test_fetching_from_hosts_that_are_allowed(random_model):
    import http.server

    from server import EXAMPLES

    class Pictures(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path == "/elsewhere":
                self.send_response(302)
                self.send_header("Location", "/scene.png")
                self.end_headers()
                return
            data = (EXAMPLES / "scene.png").read_bytes()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *arguments):
            pass

    pictures = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pictures)
    threading.Thread(target=pictures.serve_forever, daemon=True).start()
    host = f"127.0.0.1:{pictures.server_port}"
    server = Server("-m", "Models/spud-nano", "-t", 1, "--allow-fetch", host)

    def ask(url):
        question = {"type": "text", "text": "what shape is the blue one?"}
        parts = [{"type": "image_url", "image_url": {"url": url}}, question]
        return server.post(CHAT, user(parts))

    try:
        answer = ask(f"http://{host}/scene.png")
        assert answer.status == 200 and b"square" in answer.body
        refused = ask(f"http://{host}/elsewhere")
        assert refused.status == 400 and "leads elsewhere" in error(refused)["message"]
        assert ask("http://localhost/scene.png").status == 400
        assert ask(f"http://user@{host}/scene.png").status == 400
    finally:
        server.stop()
        pictures.shutdown()


def test_completions_go_on_with_the_text_as_it_is(server):
    def ask(prompt):
        body = {"model": "random", "prompt": prompt, "max_tokens": 4, "ignore_eos": True}
        return json.loads(server.post("/v1/completions", body).body)

    text, ids = ask("hello"), ask([ord(letter) for letter in "hello"])
    # No form of a chat is put around it: a model of bytes reads as many as there are.
    assert text["usage"]["prompt_tokens"] == ids["usage"]["prompt_tokens"] == 5
    assert text["choices"] == ids["choices"]
    response = server.post("/v1/completions", {"model": "random", "prompt": [100_000]})
    assert response.status == 400 and "100000" in error(response)["message"]


def test_a_system_message_is_told_of_once(server):
    body = {"messages": [{"role": "system", "content": "be short"}, {"role": "user", "content": "hi"}], "max_tokens": 2}
    for _ in range(2):
        assert server.post(CHAT, body).status == 200
    assert sum("system" in line for line in server.log) == 1
