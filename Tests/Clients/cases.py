"""What the tests of the cases share."""

import json
import socket
import time

from server import user

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


LONG = user("tell me all", model="random", ignore_eos=True, max_tokens=30_000, stream=True)
