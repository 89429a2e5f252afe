"""Anthropic's client, and what is built on clients: pydantic-ai, openai-agents, llm, instructor."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from server import EXAMPLES, data_url


@pytest.fixture(scope="module")
def anthropic(server):
    import anthropic

    return anthropic.Anthropic(base_url=server.url, api_key="any", max_retries=0)


def test_anthropic_messages(anthropic):
    answer = anthropic.messages.create(
        model="spud-nano", max_tokens=60, system="be short", messages=[{"role": "user", "content": "hello"}])
    assert answer.role == "assistant" and answer.usage.output_tokens > 0
    picture = data_url("scene.png").split(",")[1]
    answer = anthropic.messages.create(
        model="spud-nano", max_tokens=60,
        messages=[{"role": "user", "content": [
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": picture}},
            {"type": "text", "text": "what shape is the blue one?"}]}])
    assert answer.content[-1].text == "square" and answer.stop_reason == "end_turn"


def test_anthropic_stream(anthropic):
    with anthropic.messages.stream(
        model="random", max_tokens=20, messages=[{"role": "user", "content": "hello"}]
    ) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert final.content[0].text == text and final.stop_reason in ("end_turn", "max_tokens")


def test_anthropic_tools(anthropic):
    tool = {"name": "get_weather", "description": "x", "input_schema": {
        "type": "object", "properties": {"city": {"type": "string", "enum": ["Paris"]}}, "required": ["city"],
        "additionalProperties": False}}
    options = {"model": "random", "max_tokens": 300, "tools": [tool], "tool_choice": {"type": "any"}}
    answer = anthropic.messages.create(messages=[{"role": "user", "content": "?"}], **options)
    call = answer.content[-1]
    assert answer.stop_reason == "tool_use" and call.input == {"city": "Paris"}
    with anthropic.messages.stream(messages=[{"role": "user", "content": "?"}], **options) as stream:
        assert stream.get_final_message().content[-1].input == {"city": "Paris"}
    more = anthropic.messages.create(
        model="random", max_tokens=4, tools=[tool],
        messages=[
            {"role": "user", "content": "?"}, {"role": "assistant", "content": [call.model_dump()]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "sunny"}]}])
    assert more.usage.output_tokens <= 4


def test_pydantic_ai(server):
    from pydantic import BaseModel
    from pydantic_ai import Agent
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    class Answer(BaseModel):
        sunny: bool

    provider = OpenAIProvider(base_url=server.url + "/v1", api_key="any")
    agent = Agent(OpenAIChatModel("spud-nano", provider=provider))
    assert isinstance(agent.run_sync("hello").output, str)
    agent = Agent(OpenAIChatModel("random", provider=provider), output_type=Answer)
    assert agent.run_sync("sunny?").output.sunny in (True, False)


def test_openai_agents(server):
    import openai
    from agents import Agent, OpenAIChatCompletionsModel, OpenAIResponsesModel, Runner, set_tracing_disabled

    set_tracing_disabled(True)
    client = openai.AsyncOpenAI(base_url=server.url + "/v1", api_key="any", max_retries=0)

    async def run():
        for kind in (OpenAIChatCompletionsModel, OpenAIResponsesModel):
            agent = Agent(name="a", instructions="be short", model=kind(model="spud-nano", openai_client=client))
            result = await Runner.run(agent, "what is two plus three?")
            assert isinstance(result.final_output, str)
            stream = Runner.run_streamed(agent, "what is two plus three?")
            async for _ in stream.stream_events():
                pass
            assert isinstance(stream.final_output, str)

    asyncio.run(run())


def test_llm(server, tmp_path):
    (tmp_path / "extra-openai-models.yaml").write_text(
        f"- model_id: nano\n  model_name: spud-nano\n  api_base: {server.url}/v1\n  api_key_name: none\n"
        "  vision: true\n")
    run = subprocess.run(
        [Path(sys.executable).parent / "llm", "-m", "nano", "what shape is the blue one?", "-a",
         EXAMPLES / "scene.png"],
        capture_output=True, text=True, timeout=120,
        env={**os.environ, "LLM_USER_PATH": str(tmp_path), "OPENAI_API_KEY": "any"})
    assert run.returncode == 0 and run.stdout.strip(), run.stderr


def test_instructor(server):
    import instructor
    import openai
    from pydantic import BaseModel

    class Answer(BaseModel):
        sunny: bool

    client = openai.OpenAI(base_url=server.url + "/v1", api_key="any")
    for mode in (instructor.Mode.TOOLS, instructor.Mode.JSON_SCHEMA):
        wrapped = instructor.from_openai(client, mode=mode)
        answer = wrapped.chat.completions.create(
            model="random", response_model=Answer, max_retries=0, max_tokens=400,
            messages=[{"role": "user", "content": "sunny?"}])
        assert answer.sunny in (True, False)
    assert json.dumps(answer.model_dump())
