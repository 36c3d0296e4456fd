"""A base image, a package, and a real registry where this machine has one."""

import json
import shutil
import socket
import subprocess
import time
import zipfile

import pytest
import urllib3

from shared.packages.images.layout import CONFIG, LAYER, MANIFEST, Layout, to_json

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
    path = tmp_path / "code.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("shared/handlers/work.py", "def handler(event, context): return event\n")
        archive.writestr("numpy/__init__.py", "version = 1\n")
    return path


@pytest.fixture
def registry(tmp_path):
    """Start Debian's docker-registry; ``registry(login=True)`` wants somebody's password, ``secret``."""
    program = shutil.which("docker-registry")
    if not program:
        pytest.skip("there is no docker-registry on this machine (apt install docker-registry)")
    started = []

    def start(*, login=False):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            host = f"127.0.0.1:{probe.getsockname()[1]}"
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
        started.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        wait_until_it_answers(f"http://{host}/v2/")
        return host

    yield start
    for process in started:
        process.terminate()
        process.wait()


def wait_until_it_answers(url):
    pool = urllib3.PoolManager(retries=False)
    until = time.monotonic() + 10
    while True:
        try:
            pool.request("GET", url)
        except urllib3.exceptions.HTTPError:
            assert time.monotonic() < until
            time.sleep(0.02)
        else:
            return
