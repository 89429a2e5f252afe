"""The interface against its own documentation: what a request may hold, and what an answer does."""

import json
import os

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import checks
from server import ROOT, Server
from test_server import error

DOCUMENT = json.loads((ROOT / "Sources/SpudServer/Resources/openapi.json").read_text())


@pytest.fixture(scope="module")
def short():
    """A server whose answers are short, however many tokens are asked for."""
    server = Server("-m", "Models/spud-nano", "-t", 1, "--context", 96)
    yield server
    server.stop()


checks.load_all_checks()
CHECKED = [
    checks.CHECKS.get_one(name)
    for name in ("not_a_server_error", "status_code_conformance", "content_type_conformance",
                 "response_schema_conformance", "negative_data_rejection")]
schema = schemathesis.openapi.from_dict(DOCUMENT)


@schema.parametrize()
@settings(
    max_examples=int(os.environ.get("SCHEMATHESIS_EXAMPLES", 12)), deadline=None, database=None, derandomize=True,
    phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck))
def test_schema(case, short):
    response = case.call(base_url=short.url, timeout=60)
    case.validate_response(response, checks=CHECKED)


# The fields of transcriptions come in a form, which another test goes through.
OPERATIONS = [(path, item["post"]) for path, item in DOCUMENT["paths"].items()
              if "post" in item and path != "/v1/audio/transcriptions"]


@pytest.mark.parametrize("path, operation", OPERATIONS, ids=[path for path, _ in OPERATIONS])
def test_lists_of_fields(short, path, operation):
    for field in operation["x-refused"]:
        response = short.post(path, {field: "x"})
        assert response.status == 400 and field in json.loads(response.body)["error"]["message"], field
    response = short.post(path, {"no_such_field": 1})
    assert response.status == 400 and "no_such_field" in json.loads(response.body)["error"]["message"]
    # What is accepted is not what a request is refused for.
    habits = {field: {} for field in operation["x-accepted-without-effect"]}
    response = short.post(path, habits)
    assert response.status == 400
    assert not any(f"'{field}'" in json.loads(response.body)["error"]["message"] for field in habits)
    known = {*operation["x-honoured"], *habits}
    content = operation["requestBody"]["content"]["application/json"]["schema"]
    assert set(content["properties"]) == known and content["additionalProperties"] is False


def test_page_and_document(short):
    for path in ("/", "/page.css", "/page.js", "/openapi.json"):
        response = short.get(path)
        assert response.status == 200 and "'self'" in response.getheader("content-security-policy")
        # Nothing is asked of anybody else.
        assert path == "/openapi.json" or b"https://" not in response.body
    assert json.loads(short.get("/openapi.json").body) == DOCUMENT
    assert error(short.get("/page.html"))["code"] == "unknown_url"
