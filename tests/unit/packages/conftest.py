"""A project with a workflow in it, and an index of tiny wheels: no test here needs a network."""

import zipfile

import pytest

from shared.packages.code import Workflow
from shared.packages.package import Wanted, build_packages
from shared.packages.target import Target
from tests.helpers.index import list_files

PYTHON = Target("python3.12")


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a file of the project."""

    def put(name, text=""):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    put("shared/__init__.py")
    return put


@pytest.fixture
def own(tmp_path, write):
    """A workflow of a team's own, with one handler."""
    write("teams/words/count/count.py", "def handler(event, context):\n    return event\n")
    folder = tmp_path / "teams/words/count"
    return Workflow("words.count", tmp_path, folder, ("count.handler",), folder / "requirements.txt")


@pytest.fixture
def told():
    """The lines that a user was told."""
    return []


@pytest.fixture
def build(own, tmp_path, told):
    """Return a function that makes the package of a workflow."""

    def make(workflow=own, target=PYTHON, cache="cache", **how):
        return build_packages({"": Wanted(workflow, target, **how)}, tmp_path / cache, told.append)[""]

    return make


@pytest.fixture
def index(tmp_path, monkeypatch):
    """Return a function that puts a wheel of a module into the only index that there is."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("UV_DEFAULT_INDEX", folder.as_uri())
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))

    def put(name, version="1.0", *, needs=(), tag="py3-none-any", files=(), module=None):
        path = folder / name / f"{name}-{version}-{tag}.whl"
        path.parent.mkdir(exist_ok=True)
        info = f"{name}-{version}.dist-info"
        with zipfile.ZipFile(path, "w") as target:
            target.writestr(f"{module or name}.py", f"version = {version!r}\n")
            for each, content in dict(files).items():
                target.writestr(each, content)
            lines = "".join(f"Requires-Dist: {each}\n" for each in needs)
            target.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{lines}")
            target.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: {tag}\n")
            target.writestr(f"{info}/RECORD", "")
        list_files(path.parent)

    return put
