"""OpenAI's client of the third generation, against the server."""

import base64
import json

import openai
import pytest
from server import EXAMPLES, data_url

TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather", "description": "The weather of a city.", "strict": True,
        "parameters": {
            "type": "object", "properties": {"city": {"type": "string", "enum": ["Paris", "Rome"]}},
            "required": ["city"], "additionalProperties": False}}}


@pytest.fixture(scope="module")
def client(server):
    return openai.OpenAI(base_url=server.url + "/v1", api_key="any", max_retries=0)


def test_models(client):
    assert [model.id for model in client.models.list()] == ["spud-nano", "random"]


def test_chat(client):
    answer = client.chat.completions.create(
        model="spud-nano", messages=[{"role": "system", "content": "be short"}, {"role": "user", "content": "hello"}],
        user="someone", metadata={"a": "b"}, store=False)
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_chat_stream(client):
    stream = client.chat.completions.create(
        model="spud-nano", messages=[{"role": "user", "content": "what is two plus three?"}], stream=True,
        stream_options={"include_usage": True})
    chunks = list(stream)
    assert chunks[-1].usage.completion_tokens > 0
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks[:-1])


def test_pictures_and_sounds_in(client):
    answer = client.chat.completions.create(
        model="spud-nano",
        messages=[{"role": "user", "content": [
            {"type": "image_url", "image_url": {"url": data_url("scene.png"), "detail": "auto"}},
            {"type": "text", "text": "what shape is the blue one?"}]}])
    assert answer.choices[0].message.content == "square"
    sound = base64.b64encode((EXAMPLES / "digits.wav").read_bytes()).decode()
    answer = client.chat.completions.create(
        model="spud-nano",
        messages=[{"role": "user", "content": [
            {"type": "input_audio", "input_audio": {"data": sound, "format": "wav"}},
            {"type": "text", "text": "what is said?"}]}])
    assert answer.choices[0].message.content
    assert answer.usage.prompt_tokens_details.audio_tokens > 0


def test_sound_out(client):
    answer = client.chat.completions.create(
        model="spud-nano", modalities=["text", "audio"], audio={"voice": "alloy", "format": "wav"},
        messages=[{"role": "user", "content": "say seven two"}])
    assert base64.b64decode(answer.choices[0].message.audio.data).startswith(b"RIFF")


def test_tools(client):
    messages = [{"role": "user", "content": "the weather?"}]
    options = {"model": "random", "tools": [TOOL], "tool_choice": "required", "max_tokens": 300}
    call = client.chat.completions.create(messages=messages, **options).choices[0].message.tool_calls[0]
    assert json.loads(call.function.arguments)["city"] in ("Paris", "Rome")
    with client.chat.completions.stream(messages=messages, **options) as stream:
        for _ in stream:
            pass
        final = stream.get_final_completion()
    streamed = final.choices[0].message.tool_calls[0]
    assert streamed.function.name == "get_weather" and json.loads(streamed.function.arguments)
    # The conversation goes on with what the tool gave.
    messages += [
        {"role": "assistant", "content": None, "tool_calls": [call.model_dump()]},
        {"role": "tool", "tool_call_id": call.id, "content": "sunny"}]
    answer = client.chat.completions.create(messages=messages, model="random", tools=[TOOL], tool_choice="none",
                                            max_tokens=4)
    assert answer.usage.completion_tokens <= 4


def test_structured_output(client):
    from pydantic import BaseModel

    class Answer(BaseModel):
        sunny: bool

    parsed = client.chat.completions.parse(
        model="random", messages=[{"role": "user", "content": "sunny?"}], response_format=Answer, max_tokens=400)
    assert parsed.choices[0].message.parsed.sunny in (True, False)


def test_responses(client):
    answer = client.responses.create(model="spud-nano", input="what is two plus three?", instructions="be short")
    assert answer.status == "completed" and answer.output_text
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens
    with client.responses.stream(model="spud-nano", input="what is two plus three?") as stream:
        names = [event.type for event in stream]
        final = stream.get_final_response()
    assert names[0] == "response.created" and final.output_text == answer.output_text or final.output_text
    answer = client.responses.create(
        model="spud-nano",
        input=[{"role": "user", "content": [
            {"type": "input_image", "image_url": data_url("scene.png"), "detail": "auto"},
            {"type": "input_text", "text": "what shape is the blue one?"}]}])
    assert answer.output_text == "square"


def test_responses_with_tools(client):
    tool = {"type": "function", **TOOL["function"]}
    answer = client.responses.create(
        model="random", input="the weather?", tools=[tool], tool_choice="required", max_output_tokens=300)
    call = answer.output[-1]
    assert call.type == "function_call" and json.loads(call.arguments)["city"] in ("Paris", "Rome")
    history = [
        {"role": "user", "content": "the weather?"},
        {"type": "function_call", "call_id": call.call_id, "name": call.name, "arguments": call.arguments},
        {"type": "function_call_output", "call_id": call.call_id, "output": "sunny"}]
    assert client.responses.create(model="random", input=history, max_output_tokens=4).status == "incomplete"


def test_what_is_refused(client):
    with pytest.raises(openai.BadRequestError, match="previous_response_id"):
        client.responses.create(model="spud-nano", input="a", previous_response_id="resp_1")
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.create(model="gpt", messages=[{"role": "user", "content": "a"}])


def test_completions(client):
    answer = client.completions.create(model="random", prompt=["a", "b"], max_tokens=3, logprobs=2, echo=True)
    assert [choice.index for choice in answer.choices] == [0, 1]
    assert answer.choices[0].text.startswith("a") and len(answer.choices[0].logprobs.tokens) == 3
    chunks = list(client.completions.create(model="random", prompt="a", max_tokens=3, stream=True))
    assert chunks[-1].choices[0].finish_reason == "length"


def test_images(client):
    answer = client.images.generate(model="spud-nano", prompt="draw a red circle", size="auto")
    assert base64.b64decode(answer.data[0].b64_json).startswith(b"\x89PNG")
    several = client.images.generate(model="spud-nano", prompt="draw a red circle", n=4, extra_body={"seed": 3})
    assert len({picture.b64_json for picture in several.data}) > 1
    events = list(client.images.generate(
        model="spud-nano", prompt="draw a red circle", stream=True, partial_images=2))
    assert [event.type.split(".")[1] for event in events] == ["partial_image", "partial_image", "completed"]


def test_speech_and_transcription(client):
    sound = client.audio.speech.create(model="spud-nano", input="seven two", voice="alloy", response_format="wav")
    assert sound.content.startswith(b"RIFF")
    text = client.audio.transcriptions.create(model="spud-nano", file=("sound.wav", sound.content))
    assert text.text
    verbose = client.audio.transcriptions.create(
        model="spud-nano", file=("sound.wav", sound.content), response_format="verbose_json")
    assert verbose.duration > 0 and verbose.segments[0].text == text.text
    stream = client.audio.transcriptions.create(model="spud-nano", file=("sound.wav", sound.content), stream=True)
    assert list(stream)[-1].text == text.text


def test_embeddings(client):
    # The client asks for base64 by itself.
    answer = client.embeddings.create(model="random", input=["one", "two"])
    assert len(answer.data[0].embedding) == 64
    plain = client.embeddings.create(model="random", input="one", encoding_format="float")
    assert plain.data[0].embedding == pytest.approx(answer.data[0].embedding, abs=1e-5)


def test_an_error_within_a_stream_is_raised(random_model):
    from server import Server

    server = Server("-m", random_model, "-t", 1, "--context", 64)
    try:
        client = openai.OpenAI(base_url=server.url + "/v1", api_key="any", max_retries=0)
        with pytest.raises(openai.APIError, match="tokens"):
            list(client.completions.create(model="random", prompt=["a", "b" * 100], max_tokens=3, stream=True))
    finally:
        server.stop()
