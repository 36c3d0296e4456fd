"""``lanes images``, by its real entry point; the base is a layout of a test's own."""

import json
import shlex
import sys

import pytest

from shared.cli.main import main
from shared.packages.images.layout import CONFIG, MANIFEST, Layout, to_json
from shared.packages.images.reference import Reference
from shared.packages.images.registry import Registry


@pytest.fixture
def root(copy_project, tmp_path):
    return copy_project(tmp_path / "project")


@pytest.fixture
def lanes(root, monkeypatch, capsys):
    monkeypatch.chdir(root)

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["lanes", "images", *map(str, words)])
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = ended.code or 0
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


@pytest.fixture
def base(tmp_path):
    layout = Layout(tmp_path / "base")
    config = layout.add(to_json({"architecture": "amd64", "os": "linux", "rootfs": {"diff_ids": []}}), CONFIG)
    layout.name(layout.add(to_json({"schemaVersion": 2, "config": config.json(), "layers": []}), MANIFEST))
    return layout.folder


def test_a_command_to_copy_holds_together_whatever_folders_are_called(lanes, tmp_path):
    _, out, _ = lanes("dockerfile", "wssr", "--out", tmp_path / "my images; true")
    for line in out.splitlines():
        assert shlex.split(line)[-1].startswith(str(tmp_path / "my images; true"))


def test_a_team_with_r_gets_dockerfiles_and_images_that_are_the_same_each_time(lanes, base, root):
    code, out, _ = lanes("dockerfile", "wssr")
    assert code == 0
    assert [line.split(" -t ")[1].split()[0] for line in out.splitlines()] == [
        f"wssr/wssr-{step}-91a18b84" for step in ("init", "simulate", "collate")
    ]
    folder = root / ".lanes/images/wssr/wssr-simulate"
    assert 'CMD ["shared.handlers.wssr.simulate.handler"]' in (folder / "docker/Dockerfile").read_text()
    assert (folder / "docker/code/shared/handlers/wssr/model.R").is_file()
    assert (folder / "docker/code/shared/errors.py").is_file()
    code, again, _ = lanes("dockerfile", "wssr", "--json")
    told = json.loads(again)
    assert code == 0
    assert [one["command"] for one in told] == out.splitlines()
    assert [one["function"] for one in told] == ["wssr-init", "wssr-simulate", "wssr-collate"]
    assert told[1]["dockerfile"] == str(folder / "docker/Dockerfile")
    digests = []
    for _ in range(2):
        code, out, err = lanes("build", "wssr", "--base", base, "--json")
        assert code == 0, err
        digests.append([made["digest"] for made in json.loads(out)])
    assert digests[0] == digests[1]
    assert len(set(digests[0])) == 3


def test_a_base_is_had_from_a_registry_that_wants_a_password(lanes, base, registry, monkeypatch):
    reference = Reference(registry(login=True), "bases/r", "1")
    Registry(reference, ("somebody", "secret")).push(Layout(base))
    code, _, err = lanes("build", "wssr", "--base", reference)
    assert code == 1
    assert "fix: log in: --user, and the password in LANES_REGISTRY_PASSWORD" in err
    monkeypatch.setenv("LANES_REGISTRY_PASSWORD", "secret")
    code, out, err = lanes("build", "wssr", "--base", reference, "--user", "somebody", "--json")
    assert code == 0, err
    assert len(json.loads(out)) == 3


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("build", "wssr"), 1, "lanes images dockerfile wssr"),
        (
            ("build", "team2"),
            2,
            "no function of team2 is an image to be made\n  fix: say package: image on a workflow's card",
        ),
        (("build", "nobody"), 2, "unknown team 'nobody'"),
        (("build", "wssr", "--workflow", "wsrs"), 2, "unknown workflow 'wsrs'"),
        (("build", "wssr", "--workflow", "random-mean"), 2, "no function of random-mean is an image"),
        (("push", "wssr"), 1, "no embedded cloud is running to push to\n  fix: lanes up; or --aws"),
        (
            ("push", "wssr", "--registry", "127.0.0.1:9"),
            1,
            "there is no image of wssr-init, wssr-simulate, wssr-collate\n  fix: lanes images build wssr",
        ),
        (("push", "wssr", "--registry", "127.0.0.1:9", "--aws"), 2, "one registry at a time"),
        (("build", "wssr", "--user", "somebody"), 2, "which registry is --user for?\n  fix: --base HOST/"),
        (("build", "wssr", "--base", "r-base"), 2, "'r-base' is no image"),
    ],
)
def test_what_cannot_be_done_says_what_can(lanes, words, code, said):
    result = lanes(*words)
    assert result[0] == code
    assert said in result[2]
    assert "Traceback" not in result[2]
