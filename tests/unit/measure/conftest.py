"""Log files as the field has them, made line by line, and events of histories."""

import re
from pathlib import Path

import pytest

from shared.measure.observed.invocations import Invocations

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"


@pytest.fixture(scope="session")
def published():
    """The folder of the field's own exports and tables; they lie beside the repository, where they lie at all."""
    if not DATA.is_dir():
        pytest.skip("the field's exports and tables (../shared/data) are not on this machine")
    return DATA


@pytest.fixture
def event():
    """Return a maker of an event of an execution's history, with its details under the name that AWS gives them."""

    def make(number, before, kind, details, at):
        own = re.sub("^[A-Z][a-z]*?(?=State(Entered|Exited)$)", "", kind)
        name = f"{own[0].lower()}{own[1:]}EventDetails"
        return {"id": number, "previousEventId": before, "type": kind, "timestamp": at, name: details}

    return make


@pytest.fixture
def table():
    with Invocations() as made:
        yield made


@pytest.fixture
def report():
    def make(request, *, duration=2000.0, billed=2501, used=210, tail="Init Duration: 500.40 ms\t"):
        return (
            f"REPORT RequestId: {request}\tDuration: {duration:.2f} ms\tBilled Duration: {billed} ms\t"
            f"Memory Size: 1769 MB\tMax Memory Used: {used} MB\t{tail}\n"
        )

    return make


@pytest.fixture
def insights(tmp_path):
    """Return a writer of a Logs Insights export from (second, message, stream)."""

    def write(*events, name="insights.csv"):
        quoted = [
            f'2026-01-02 03:04:{second:06.3f},"{message.replace(chr(34), 2 * chr(34))}",{stream},1:/aws/lambda/f\n'
            for second, message, stream in events
        ]
        path = tmp_path / name
        path.write_text("@timestamp,@message,@logStream,@log\n" + "".join(quoted))
        return path

    return write
