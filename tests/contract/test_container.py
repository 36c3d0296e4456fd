"""The container for other systems (``.devcontainer``), as far as it can be held without one: no image is built here."""

import json
import re
import shutil
import subprocess
import sys
import zipfile

import pytest

from tests.helpers.project import REPOSITORY

FOLDER = REPOSITORY / ".devcontainer"
DOCKERFILE = (FOLDER / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")


def copied():
    """Return the paths that the image is given, as (source, what it becomes)."""
    lines = re.findall(r"^COPY --chown=\w+ (.+)$", DOCKERFILE, re.MULTILINE)
    return [(source, words.split()[-1]) for words in lines for source in words.split()[:-1]]


@pytest.fixture
def given(tmp_path):
    """A folder with what the image is given, and nothing else."""
    folder = tmp_path / "project"
    folder.mkdir()
    for source, target in copied():
        if (REPOSITORY / source).is_dir():
            shutil.copytree(REPOSITORY / source, folder / target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(REPOSITORY / source, folder / target)
    return folder


def test_the_editor_finds_what_its_file_names():
    told = json.loads(
        re.sub(r"^\s*//.*$", "", (FOLDER / "devcontainer.json").read_text(encoding="utf-8"), flags=re.MULTILINE)
    )
    assert (FOLDER / told["build"]["dockerfile"]).is_file()
    assert (FOLDER / told["build"]["context"]).resolve() == REPOSITORY
    assert f"--shell /bin/bash {told['remoteUser']}" in DOCKERFILE
    assert told["workspaceFolder"] == re.search(r"^WORKDIR (.+)$", DOCKERFILE, re.MULTILINE)[1]
    assert told["postCreateCommand"] == "make install"


def test_its_python_is_one_of_the_project():
    version = re.search(r"^FROM python:(\d\.\d+)-slim", DOCKERFILE, re.MULTILINE)[1]
    assert (3, 11) <= tuple(map(int, version.split("."))) <= (3, 13)


def test_only_what_it_copies_is_sent_to_it():
    lines = (FOLDER / "Dockerfile.dockerignore").read_text(encoding="utf-8").split()
    assert lines[0] == "*"
    assert {line[1:] for line in lines if line.startswith("!")} == {source for source, _ in copied()}


def test_what_it_is_given_is_enough_to_install_the_command(given):
    build = "import hatchling.build as build; print(build.build_editable('built'))"
    (given / "built").mkdir()
    done = subprocess.run([sys.executable, "-c", build], cwd=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(given / "built" / done.stdout.split()[-1]) as wheel:
        assert any(b"lanes = shared.cli" in wheel.read(name) for name in wheel.namelist())


def test_its_libraries_lie_where_its_path_leads(given):
    where = re.search(r"^ENV LANES_VENV=(\S+) PATH=(\S+)/bin:", DOCKERFILE, re.MULTILINE)
    assert where[1] == where[2]
    command = ["make", "--dry-run", "install", f"LANES_VENV={where[1]}"]
    told = subprocess.run(command, cwd=given, capture_output=True, text=True, check=True).stdout
    assert f'LANES_VENV="{where[1]}" requirements/venv.sh' in told


def test_a_folder_that_holds_something_else_is_not_removed(tmp_path):
    (tmp_path / "thesis.tex").touch()
    done = subprocess.run(
        ["sh", "requirements/venv.sh"],
        cwd=REPOSITORY,
        env={"PATH": f"{sys.prefix}/bin:/usr/bin:/bin", "PYTHON": sys.executable, "LANES_VENV": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "holds something else than a virtual environment" in done.stderr
    assert (tmp_path / "thesis.tex").exists()
