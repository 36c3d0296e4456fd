"""Lets the tests of a workflow import its modules by name (``import steps``), whatever other workflows call theirs.

While tests of ``teams/<team>/<workflow>/`` are collected or run, that folder comes first on ``sys.path``. Modules that
were loaded from it are put away when pytest goes on to another workflow, and put back when it returns. Their
environment is that of no account: a test that forgets to fake a client is refused by AWS. Tests of a workflow are
skipped where a library of its requirements.txt is not installed, or in another version, and the reason says so.
"""

import os
import re
import sys
import warnings
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import InvalidRequirement, Requirement

TEAMS = Path(__file__).parent
NO_ACCOUNT = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "nobody",
    "AWS_SECRET_ACCESS_KEY": "nothing",
}
put_away = {}  # the modules of each workflow's folder, by name, while pytest is elsewhere


class Workflow:
    """A block in which modules of the workflow that *path* belongs to can be imported, if it belongs to one."""

    def __init__(self, path):
        parts = path.relative_to(TEAMS).parts[:2] if path.is_relative_to(TEAMS) else ()
        self.folder = str(TEAMS.joinpath(*parts)) if len(parts) == 2 else None

    def __enter__(self):
        if self.folder:
            self.environment = {name: os.environ.get(name) for name in NO_ACCOUNT}
            os.environ.update(NO_ACCOUNT)
            sys.path.insert(0, self.folder)
            sys.modules.update(put_away.pop(self.folder, {}))

    def __exit__(self, *_error):
        if self.folder:
            inside = self.folder + os.sep
            own = {name: module for name, module in sys.modules.items() if str(_file(module)).startswith(inside)}
            for name in own:
                del sys.modules[name]
            put_away[self.folder] = own
            sys.path.remove(self.folder)
            for name, value in self.environment.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})


def _file(module):
    places = getattr(module, "__path__", None) or [None]  # a folder without __init__.py has no file
    return getattr(module, "__file__", None) or next(iter(places))


class Lacking(pytest.Module):
    """A module of tests that cannot run here."""

    def collect(self):
        folder = Path(Workflow(self.path).folder)
        path = (folder / "requirements.txt").relative_to(TEAMS.parent)
        names = ", ".join(lacking(folder))
        pytest.skip(f"not installed here: {names} (uv pip install -r {path})", allow_module_level=True)


def lacking(folder):
    """Return the libraries of a workflow's requirements.txt that are not installed in a version that it takes."""
    path = folder / "requirements.txt"
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return [line for line in (re.sub(r"(^|\s)#.*", "", each).strip() for each in lines) if line and not _is_here(line)]


def _is_here(line):
    try:
        wanted = Requirement(line.split(" --hash")[0])
        outside = wanted.marker is not None and not wanted.marker.evaluate()
        return outside or wanted.specifier.contains(metadata.version(wanted.name), prereleases=True)
    except (InvalidRequirement, metadata.PackageNotFoundError):  # options and links are deployment's business
        return line.startswith("-")


def pytest_pycollect_makemodule(module_path, parent):
    folder = Workflow(module_path).folder
    return Lacking.from_parent(parent, path=module_path) if folder and lacking(Path(folder)) else None


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    with Workflow(collector.path), warnings.catch_warnings():
        warnings.simplefilter("default")  # libraries' own warnings are no errors here
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    with Workflow(item.path):
        return (yield)


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.is_relative_to(TEAMS):
            item.add_marker(pytest.mark.filterwarnings("default"))
