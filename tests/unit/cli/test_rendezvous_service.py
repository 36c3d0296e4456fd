"""``lanes rendezvous deploy`` and its like as typed, on the cloud of ``lanes up``; and the image they run."""

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile

import pytest

from shared.aws.client import connect_endpoint
from shared.cli.main import main
from shared.config.load import load_project
from shared.config.platform import CHECK, RESTART, rendezvous_service
from shared.deploy.rendezvous.image import health_command
from shared.local import daemon
from shared.local.state import STATE_DIR, State
from shared.packages.images.build import write_scratch
from shared.packages.images.layout import CONFIG, MANIFEST, Layout, to_json
from shared.packages.images.make import ecr_login
from shared.packages.images.reference import Reference
from shared.packages.images.registry import Registry

HOST = "rendezvous.uva-ds5110.com"
SAFELY = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}  # before Python 3.11.4 there is no filter


@pytest.fixture(scope="module")
def project(copy_project, tmp_path_factory):
    return load_project(copy_project(tmp_path_factory.mktemp("project") / "lanes"))


@pytest.fixture(scope="module")
def cloud(project):
    state = State(project.root / STATE_DIR)
    yield daemon.up(state, daemon.Settings(project.place, 0))
    daemon.down(state)


@pytest.fixture
def lanes(project, monkeypatch, capsys):
    monkeypatch.chdir(project.root)
    monkeypatch.setattr(sys, "stdin", io.StringIO())

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["lanes", "rendezvous", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return ended.value.code or 0, told.out, told.err

    return run


def test_from_plan_to_destroy(lanes, cloud, project):
    code, out, err = lanes("status")
    assert code == 3
    assert f"record {HOST}: not there" in out

    code, out, err = lanes("restart")
    assert code == 1
    assert "fix: lanes rendezvous deploy" in err

    code, out, _ = lanes("plan")
    assert code == 0
    assert f"+ record {HOST}\n    address: that of the new task\n" in out
    assert '    ingress: ["tcp 10000 from 0.0.0.0/0", "tcp 10001 from 172.31.0.0/16"]\n' in out
    assert out.endswith("platform: 20 to create\n")

    code, out, err = lanes("deploy")
    assert code == 0
    assert ":10000 healthy: paired two sockets in " in out
    assert "platform: 20 created" in err
    code, out, _ = lanes("plan")
    assert "platform: nothing to do (20 resources are as they should be)" in out

    before = json.loads(lanes("status", "--json")[1])
    assert before["alarm"] == "OK"
    code, out, err = lanes("restart", "--json")
    assert (code, json.loads(out)["status"]) == (0, "healthy")
    assert f"{HOST} points at {json.loads(out)['address']}" in err
    assert json.loads(out)["address"] != before["address"]

    _functions_do_the_same(cloud, project)

    code, out, err = lanes("destroy", "--dry-run")
    assert (code, err) == (0, "")
    assert f"- record {HOST}\n" in out
    assert out.endswith("platform: 19 to delete\n")
    told = json.loads(lanes("destroy", "--dry-run", "--json")[1])
    assert {step["action"] for step in told["steps"]} == {"delete"}
    assert "platform: nothing to do" in lanes("plan")[1]
    code, _, err = lanes("destroy")
    assert code == 2
    assert "add --yes if you are sure" in err
    code, out, err = lanes("destroy", "--yes", "--json")
    assert code == 0
    assert "secret platform/rendezvous-master stays" in err
    assert {step["action"] for step in json.loads(out)["steps"]} == {"delete"}
    assert "platform: nothing there" in lanes("destroy", "--yes")[2]


def _functions_do_the_same(cloud, project):
    """Invoke what the schedules invoke: each is told what it needs by its environment alone."""
    lambda_ = connect_endpoint(project.place, cloud.endpoint, cloud.key).lambda_
    functions = rendezvous_service(project).lane.functions
    for key in (RESTART, CHECK):
        answer = lambda_.invoke(FunctionName=functions[key].name, Payload=b"{}")
        verdict = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, verdict
        assert verdict["status"] == "healthy"


def test_the_image_runs_with_what_its_dockerfile_copies_and_no_library(lanes, project, tmp_path):
    code, out, _ = lanes("dockerfile")
    assert code == 0
    lines = [line.split() for line in out.splitlines()]
    for _, *sources, target in (line for line in lines if line[:1] == ["COPY"]):
        for source in sources:
            origin = project.root / source
            if origin.is_dir():
                shutil.copytree(origin, tmp_path / target)
            else:
                (tmp_path / target).mkdir(exist_ok=True)
                shutil.copy(origin, tmp_path / target)
    (command,) = (json.loads(line.removeprefix("CMD ")) for line in out.splitlines() if line.startswith("CMD "))
    _serves(tmp_path, command)


def test_an_image_is_put_together_pushed_and_serves_without_an_engine(lanes, cloud, project, tmp_path):
    code, _, err = lanes("push", "--base", tmp_path / "none")
    assert (code, "is no image" in err) == (2, True)
    base = Layout(tmp_path / "base")
    write_scratch(base)
    for told in ("+ repository platform/rendezvous", ""):  # the second time it is there
        code, out, err = lanes("push", "--base", base.folder, "--json")
        assert code == 0, err
        assert [line for line in err.splitlines() if "repository" in line] == ([told] if told else [])
    told = json.loads(out)

    aws = connect_endpoint(project.place, cloud.endpoint, cloud.key)
    (found,) = aws.client("ecr").describe_images(repositoryName="platform/rendezvous")["imageDetails"]
    assert (found["imageTags"], found["imageDigest"]) == (["1"], told["digest"])
    _, credentials = ecr_login(aws)
    pulled = Layout(tmp_path / "pulled")
    Registry(Reference.parse(told["image"]), credentials).pull(pulled)
    config, (layer,) = pulled.parts()
    with tarfile.open(fileobj=io.BytesIO(pulled.read(layer)), mode="r:gz") as archive:
        archive.extractall(tmp_path / "root", **SAFELY)
    run = json.loads(pulled.read(config))["config"]
    _serves(tmp_path / "root" / run["WorkingDir"].lstrip("/"), run["Cmd"])


def test_a_base_that_starts_something_of_its_own_is_refused(lanes, tmp_path):
    base = Layout(tmp_path / "base")
    own = base.add(to_json({"config": {"Entrypoint": ["/start.sh"]}, "rootfs": {"diff_ids": []}}), CONFIG)
    base.name(base.add(to_json({"schemaVersion": 2, "config": own.json(), "layers": []}), MANIFEST))
    code, _, err = lanes("push", "--base", base.folder)
    assert code == 1
    assert "the base starts /start.sh" in err


def _serves(folder, command):
    """Run the server as its container would, in *folder* and without a library, and ask it whether it is ready."""
    assert command[-4:] == ["--port", "10000", "--http-port", "10001"]
    free = [*command[1:-4], "--host", "127.0.0.1", "--port", "0", "--http-port", "0"]
    bare = [sys.executable, "-S", *free]  # -S: no site-packages
    environment = {"PATH": os.environ["PATH"]}
    with subprocess.Popen(bare, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as server:
        port = int(server.stdout.readline().split()[1].rpartition(b":")[2])
        probe = [sys.executable, *health_command(port - 1)[2:]]
        assert subprocess.run(probe, check=False, timeout=10).returncode == 0
        server.terminate()
        assert server.wait(120) == 0
        server.stderr.read()
    assert subprocess.run(probe, check=False, timeout=10, capture_output=True).returncode == 1
