"""OpenAI's client of the second generation, and litellm on it."""

import openai
import pytest

MESSAGES = [{"role": "user", "content": "what is two plus three?"}]


def test_openai(server):
    assert openai.__version__.startswith("2.")
    client = openai.OpenAI(base_url=server.url + "/v1", api_key="any", max_retries=0)
    answer = client.chat.completions.create(model="spud-nano", messages=MESSAGES)
    chunks = list(client.chat.completions.create(model="spud-nano", messages=MESSAGES, stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert answer.choices[0].message.content
    assert client.responses.create(model="spud-nano", input="hello").status == "completed"
    assert len(client.embeddings.create(model="random", input="one").data[0].embedding) == 64


@pytest.fixture
def options(server, monkeypatch):
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    return {"model": "openai/spud-nano", "api_base": server.url + "/v1", "api_key": "any"}


def test_litellm(options):
    import litellm

    litellm.suppress_debug_info = True
    answer = litellm.completion(messages=MESSAGES, **options)
    assert answer.choices[0].message.content and answer.usage.total_tokens > 0
    stream = litellm.completion(messages=MESSAGES, stream=True, stream_options={"include_usage": True}, **options)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)


def test_litellm_tools(options, server):
    import litellm

    tool = {"type": "function", "function": {"name": "f", "parameters": {
        "type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"],
        "additionalProperties": False}}}
    answer = litellm.completion(
        **{**options, "model": "openai/random"}, messages=MESSAGES, tools=[tool], tool_choice="required",
        max_tokens=300)
    assert answer.choices[0].message.tool_calls[0].function.name == "f"
    with pytest.raises(litellm.BadRequestError):
        litellm.completion(**options, messages=MESSAGES, tools=[tool], tool_choice="required")
