"""A base image, a package, and a real registry where this machine has one."""

import contextlib
import json
import shutil
import zipfile

import pytest

from shared.packages.images.layout import CONFIG, LAYER, MANIFEST, Layout, to_json
from tests.helpers.servers import free_port, running

PASSWORD_OF_SOMEBODY = "somebody:$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n"  # "secret"


@pytest.fixture
def base(tmp_path):
    """A layout of one image: a layer of some bytes, and an entrypoint of its own."""
    layout = Layout(tmp_path / "base")
    layer = layout.add(b"the layer of another", LAYER)
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Entrypoint": ["/lambda-entrypoint.sh"], "Env": ["LANG=C.UTF-8"]},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + "0" * 64]},
    }
    manifest = {
        "schemaVersion": 2,
        "config": layout.add(to_json(config), CONFIG).json(),
        "layers": [layer.json()],
    }
    layout.name(layout.add(to_json(manifest), MANIFEST))
    return layout


@pytest.fixture
def package(tmp_path):
    from shared.packages.package import Package

    path = tmp_path / "code.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("shared/handlers/work.py", "def handler(event, context): return event\n")
        archive.writestr("numpy/__init__.py", "version = 1\n")
    return Package(path, "hash", 1, 1, frozenset({"shared/handlers/work.py"}))


@pytest.fixture
def registry(tmp_path):
    """Start Debian's docker-registry; ``registry(login=True)`` wants somebody's password, ``secret``."""
    program = shutil.which("docker-registry")
    if not program:
        pytest.skip("there is no docker-registry on this machine (apt install docker-registry)")
    started = contextlib.ExitStack()

    def start(*, login=False):
        port = free_port()
        host = f"127.0.0.1:{port}"
        (tmp_path / "passwords").write_text(PASSWORD_OF_SOMEBODY)
        settings = {
            "version": "0.1",
            "log": {"level": "error"},
            "storage": {"filesystem": {"rootdirectory": str(tmp_path / "registry")}},
            "http": {"addr": host},
        }
        if login:
            settings["auth"] = {"htpasswd": {"realm": "here", "path": str(tmp_path / "passwords")}}
        (tmp_path / "registry.yml").write_text(json.dumps(settings))
        command = [program, "serve", str(tmp_path / "registry.yml")]
        started.enter_context(running(command, port, tmp_path / "registry.log"))
        return host

    with started:
        yield start
