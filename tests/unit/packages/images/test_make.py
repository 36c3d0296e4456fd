"""A team's images: which there are, what they stand on, what a Dockerfile of them says."""

import dataclasses
import os
import stat
from types import SimpleNamespace

import pytest

from shared.config.lane import Function, Image
from shared.errors import LanesError, UsageError
from shared.packages.images import make
from shared.packages.images.dockerfile import render, write_context
from shared.packages.images.layout import Layout
from shared.packages.images.make import Base, build
from shared.packages.images.reference import Reference
from shared.packages.images.registry import Registry

BARE = Image("wssr/w-work-0badcafe", "registry.example.edu/python:3.12", (), libraries=True, entrypoint=())
WITH_R = Image(
    "wssr/w-r-0badcafe",
    "registry.example.edu/r-base:4.4.1",
    ("apt-get update",),
    libraries=False,
    entrypoint=("python3", "-m", "x"),
)


def function(key, image):
    name = f"wssr-{key}-0badcafe"
    return Function(key, name, "shared.handlers.work.handler", "role", "logs", 128, 3, None, {}, image)


@pytest.fixture
def lane():
    functions = [function("w-work", BARE), function("w-r", WITH_R), function("other", None)]
    return SimpleNamespace(team="wssr", functions={each.key: each for each in functions})


def test_a_team_without_any_is_told_where_to_ask_for_them():
    with pytest.raises(
        UsageError,
        match=r"(?s)no function of wssr .*package: image on a workflow's card, or under a workflow in teams/wssr.yaml",
    ):
        make.functions_with_images(SimpleNamespace(team="wssr", functions={"other": function("other", None)}))


def test_all_are_built_on_the_base_that_is_given_and_pushed_under_their_names(lane, base, package, registry, tmp_path):
    built = list(build(lane, {"": package}, tmp_path / "out", Base(str(base.folder))))
    assert [made.function for made in built] == ["w-work", "w-r"]
    assert len(Layout(tmp_path / "out/w-work/image").parts()[1]) == 3
    assert len(Layout(tmp_path / "out/w-r/image").parts()[1]) == 2  # without libraries
    host = registry()
    pushed = list(make.push(lane, tmp_path / "out", host, "v1"))
    assert [made.digest for made in pushed] == [made.digest for made in built]
    assert pushed[0].place == f"{host}/wssr/w-work-0badcafe@{built[0].digest}"
    back = Registry(Reference(host, "wssr/w-r-0badcafe", "v1")).pull(Layout(tmp_path / "back"))
    assert back.digest == built[1].digest


def test_a_base_is_fetched_from_a_registry(lane, base, package, registry, tmp_path):
    host = registry()
    Registry(Reference(host, "bases/python", "3.12")).push(base)
    (first, *_) = build(lane, {"": package}, tmp_path / "out", Base(f"{host}/bases/python:3.12"))
    (again, *_) = build(lane, {"": package}, tmp_path / "other", Base(str(base.folder)))
    assert first.digest == again.digest


def test_a_password_goes_to_the_registry_of_the_base_given_and_to_no_cards(lane, base, package, registry, tmp_path):
    host = registry(login=True)
    login = ("somebody", "secret")
    Registry(Reference(host, "bases/python", "3.12"), login).push(base)
    named = f"{host}/bases/python:3.12"
    assert len(list(build(lane, {"": package}, tmp_path / "out", Base(named, login)))) == 2
    of_card = function("w-work", dataclasses.replace(BARE, base=named))
    lane = SimpleNamespace(team="wssr", functions={"w-work": of_card})
    with pytest.raises(LanesError, match="UNAUTHORIZED"):
        list(build(lane, {"": package}, tmp_path / "other"))


def test_what_only_an_engine_can_do_is_refused_with_the_way_out(lane, package, tmp_path):
    lane.functions.pop("w-work")
    with pytest.raises(LanesError, match=r"(?s)w-r wants 1 commands run on its base.*lanes images dockerfile wssr"):
        list(build(lane, {"": package}, tmp_path))


def test_a_base_without_its_registry_is_asked_for(lane, package, tmp_path):
    bare = dataclasses.replace(BARE, base="example/python:3.12")
    lane = SimpleNamespace(team="wssr", functions={"w-work": function("w-work", bare)}, workflows={})
    with pytest.raises(LanesError, match=r"(?s)base of w-work .*--base HOST/example/python:3.12"):
        list(build(lane, {"": package}, tmp_path))


def test_one_workflow_is_built_alone(lane, base, package, tmp_path):
    lane.workflows = {"w": SimpleNamespace(functions={"r": "w-r"}), "o": SimpleNamespace(functions={"other": "other"})}
    assert [made.function for made in build(lane, {"": package}, tmp_path, Base(str(base.folder)), "w")] == ["w-r"]
    with pytest.raises(UsageError, match="no function of o is an image to be made"):
        list(build(lane, {"": package}, tmp_path, Base(str(base.folder)), "o"))


def test_an_image_with_a_dockerfile_is_left_to_an_engine_and_one_of_others_to_them(lane, base, package, tmp_path):
    own = dataclasses.replace(BARE, dockerfile=tmp_path / "Dockerfile")
    theirs = dataclasses.replace(BARE, uri="210987654321.dkr.ecr.us-east-1.amazonaws.com/science:1")
    lane.functions = {"w-own": function("w-own", own), "w-theirs": function("w-theirs", theirs)}
    assert [each.key for each, _ in make.functions_with_images(lane)] == ["w-own"]
    with pytest.raises(
        LanesError, match=r"(?s)image of w-own has a Dockerfile of its own.*lanes images dockerfile wssr"
    ):
        list(build(lane, {}, tmp_path, Base(str(base.folder))))
    assert list(make.push(lane, tmp_path, "127.0.0.1:9", "v1")) == []


def test_a_processor_that_no_base_here_has_is_refused_with_the_way_out(lane, base, package, tmp_path):
    lane.functions = {"w": dataclasses.replace(function("w", BARE), architecture="arm64")}
    with pytest.raises(LanesError, match=r"(?s)w is of arm64, .*lanes images dockerfile wssr"):
        list(build(lane, {"": package}, tmp_path, Base(str(base.folder))))


def test_what_was_not_built_is_not_pushed(lane, tmp_path):
    with pytest.raises(LanesError, match=r"(?s)no image of w-work.*lanes images build"):
        list(make.push(lane, tmp_path, "127.0.0.1:9", "v1"))


def test_a_dockerfile_says_the_same_as_the_card(package, tmp_path):
    with_r = function("w-r", WITH_R)
    assert render(with_r, WITH_R).splitlines() == [
        "FROM registry.example.edu/r-base:4.4.1",
        "RUN apt-get update",
        "WORKDIR /var/task",
        "COPY code/ ./",
        'ENTRYPOINT ["python3", "-m", "x"]',
        'CMD ["shared.handlers.work.handler"]',
    ]
    write_context(with_r, WITH_R, package, tmp_path / "r")
    assert (tmp_path / "r/code/shared/handlers/work.py").is_file()
    assert not (tmp_path / "r/libraries").exists()
    path = write_context(function("w-work", BARE), BARE, package, tmp_path / "work")
    assert "COPY libraries/ ./" in path.read_text()
    assert "ENTRYPOINT" not in path.read_text()
    assert (tmp_path / "work/libraries/numpy/__init__.py").is_file()


def test_what_a_dockerfile_copies_can_be_read_by_lambdas_own_user(package, tmp_path):
    before = os.umask(0o077)
    try:
        write_context(function("w-r", WITH_R), WITH_R, package, tmp_path / "r")
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "r/code").rglob("*")}
    assert (modes["handlers"], modes["work.py"]) == (0o755, 0o644)


def test_the_accounts_own_registry_gives_a_password():
    told = {"authorizationToken": "QVdTOnNlY3JldDpvbmU=", "proxyEndpoint": "https://1.dkr.ecr.us-east-1.amazonaws.com"}
    ecr = SimpleNamespace(get_authorization_token=lambda: {"authorizationData": [told]})
    aws = SimpleNamespace(client={"ecr": ecr}.__getitem__)
    assert make.ecr_login(aws) == ("1.dkr.ecr.us-east-1.amazonaws.com", ("AWS", "secret:one"))
