"""Functions made from a few lines of source, and a runtime that shows what it logged."""

import dataclasses
import hashlib
import io
import tarfile
import threading
import zipfile
from collections import defaultdict

import pytest

from shared.config.runtimes import MACHINE
from shared.local.capacity import Capacity
from shared.local.lambda_runtime import FunctionSpec, ImageCode, LambdaRuntime

ACCOUNT, REGION = "123456789012", "us-east-1"


class MemoryLogs:
    """A LogSink that keeps what it is given."""

    def __init__(self):
        self.streams = defaultdict(list)
        self.arrived = threading.Condition()

    def put(self, spec, stream, events):
        with self.arrived:
            self.streams[spec.group, stream] += events
            self.arrived.notify_all()

    @property
    def messages(self):
        return [event.message for events in self.streams.values() for event in events]

    def wait_for(self, text, seconds=5.0):
        with self.arrived:
            return self.arrived.wait_for(lambda: any(text in message for message in self.messages), seconds)


@pytest.fixture
def zipped():
    def make(source, **files):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, content in {"app": source, **files}.items():
                # ZipInfo's fixed date: the same source is the same zip, whenever it is made.
                archive.writestr(zipfile.ZipInfo(name.replace("__", "/") + ".py"), content)
        return buffer.getvalue()

    return make


@pytest.fixture
def function(zipped):
    def make(source, name="f", **settings):
        code = zipped(source)
        return FunctionSpec(
            name=name,
            arn=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}",
            account=ACCOUNT,
            region=REGION,
            code=code,
            code_sha256=hashlib.sha256(code).hexdigest(),
            **{"handler": "app.handler", "runtime": MACHINE, "timeout": 10, **settings},
        )

    return make


@pytest.fixture
def image_code(tmp_path):
    """Return a function that makes an image of files below /var/task, in one layer."""

    def make(files, *, links=None, modes=None, command=("app.handler",), environment=()):
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
            for name, content in files.items():
                info = tarfile.TarInfo(f"var/task/{name}")
                info.size, info.mode = len(content), (modes or {}).get(name, 0o644)
                archive.addfile(info, io.BytesIO(content.encode()))
            for name, target in (links or {}).items():
                info = tarfile.TarInfo(f"var/task/{name}")
                info.type, info.linkname = tarfile.SYMTYPE, target
                archive.addfile(info)
        digest = hashlib.sha256(repr((files, links)).encode()).hexdigest()
        layer = tmp_path / f"layer-{digest}"
        layer.write_bytes(buffer.getvalue())
        return ImageCode("host/repository", f"sha256:{digest}", (layer,), tuple(command), tuple(environment))

    return make


@pytest.fixture
def logs():
    return MemoryLogs()


@pytest.fixture
def make_runtime(tmp_path, logs):
    """Make a runtime. All are closed at the end and must have left nothing."""
    made = []

    def make(**settings):
        settings = {"logs": logs, "carries": Capacity(8, "the test"), **settings}
        made.append(LambdaRuntime(tmp_path / "state", lambda: "http://127.0.0.1:9", **settings))
        return made[-1]

    yield make
    for runtime in made:
        runtime.close()
        assert runtime.processes == 0
    assert not made or not list((tmp_path / "state").iterdir())


@pytest.fixture
def runtime(make_runtime):
    return make_runtime()


@pytest.fixture
def with_file():
    """Return a function that adds a file to the zip of a spec."""

    def make(spec, name, content):
        buffer = io.BytesIO(spec.code)
        with zipfile.ZipFile(buffer, "a") as archive:
            archive.writestr(zipfile.ZipInfo(name), content)
        code = buffer.getvalue()
        return dataclasses.replace(spec, code=code, code_sha256=hashlib.sha256(code).hexdigest())

    return make
