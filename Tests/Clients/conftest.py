"""One server for most tests, and a checkpoint of random weights that is made to call tools."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from random_model import write_model  # noqa: E402
from server import Server  # noqa: E402


@pytest.fixture(scope="session")
def random_model(tmp_path_factory):
    return write_model(tmp_path_factory.mktemp("model") / "random")


@pytest.fixture(scope="session")
def server(random_model):
    server = Server("-m", "Models/spud-nano", "-m", random_model, "-t", 1)
    yield server
    code, _ = server.stop()
    assert code == 0, server.log[-5:]
