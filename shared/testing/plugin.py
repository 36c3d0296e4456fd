"""The pytest plugin: the fixture ``workflow``, and the modules of workflows' folders for their tests.

While tests of ``teams/<team>/<workflow>/`` are collected or run, that folder comes first on ``sys.path``, so that they
import its modules by name (``import steps``), whatever other workflows call theirs. Modules that were loaded from it
are put away when pytest goes on to another workflow, and put back when it returns. The environment is that of no
account. Tests of a workflow are skipped where a library of its requirements.txt is not installed, or in another
version, and the reason says so.

``teamlanes_pytest`` brings it in where there is a project of Teamlanes. The hooks do nothing outside of a workflow's
folder, and the engine is loaded by the first test that takes the fixture.
"""

from __future__ import annotations

import warnings
from functools import cache
from typing import TYPE_CHECKING

import pytest

from shared.errors import LanesError
from shared.local.handler import environment
from shared.testing import guard
from shared.testing.modules import NOBODY, Modules

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from shared.testing.workflow import Bench, Cloud, Opening

    Collecting = Generator[None, pytest.CollectReport, pytest.CollectReport]

_TEAMS, _NAMES = "teams", "naming.yaml"
_modules: pytest.StashKey[Modules] = pytest.StashKey()
_benches: pytest.StashKey[dict[Path, Bench]] = pytest.StashKey()
_cloud: pytest.StashKey[Cloud] = pytest.StashKey()


def pytest_configure(config: pytest.Config) -> None:
    """Begin with no folder's modules, and with a guard that stands before the first client is made."""
    guard.install()
    config.stash[_modules] = Modules()
    config.stash[_benches] = {}


@cache
def _folder(path: Path) -> Path | None:
    """Return the workflow's folder that *path* lies in, ``teams/<team>/<workflow>``; None where it lies in none."""
    for place in (path, *path.parents):
        teams = place.parent.parent
        if teams.name == _TEAMS and (teams.parent / _NAMES).is_file() and place.is_dir():
            return place
    return None


class _Lacking(pytest.Module):
    """A module of tests that cannot run here."""

    def collect(self) -> list[pytest.Item | pytest.Collector]:
        from shared.testing.lacking import lacking

        folder = _folder(self.path)
        if folder is not None:
            path = (folder / "requirements.txt").relative_to(folder.parents[2])
            names = ", ".join(lacking(folder))
            pytest.skip(f"not installed here: {names} (uv pip install -r {path})", allow_module_level=True)
        return []


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """Skip the tests of a workflow whose libraries are not here."""
    folder = _folder(module_path)
    if folder is None:
        return None
    from shared.testing.lacking import lacking

    return _Lacking.from_parent(parent, path=module_path) if lacking(folder) else None


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Collecting:
    """Let tests import their workflow's modules. Warnings of its libraries are no errors."""
    folder = _folder(getattr(collector, "path", collector.config.rootpath))
    if folder is None:
        return (yield)
    with environment(NOBODY), collector.config.stash[_modules].of(folder), warnings.catch_warnings():
        warnings.simplefilter("default")
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, object, object]:
    """Let tests and handlers import their workflow's modules, which stay while tests of the same folder follow."""
    folder = _folder(item.path)
    if folder is None:
        return (yield)
    modules = item.config.stash[_modules]
    modules.go_to(folder)
    try:
        with environment(NOBODY):
            return (yield)
    finally:
        if nextitem is None or _folder(nextitem.path) != folder:
            modules.go_to(None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let warnings of a workflow's libraries be no errors."""
    for item in items:
        if _folder(item.path) is not None:
            item.add_marker(pytest.mark.filterwarnings("default"))


@pytest.fixture
def workflow(request: pytest.FixtureRequest) -> Iterator[Opening]:
    """The workflow whose ``tests/`` the test lies in, to be run in this process in virtual time.

    ``workflow.run(input, mocks={...}, functions={...})`` runs it. ``workflow.of(team, key)`` is another one,
    ``workflow.definition(...)`` a definition alone; a test that lies in no workflow's folder has these two.
    """
    from shared.testing.workflow import Bench, Cloud, Opening, WorkflowUnderTest

    folder, config = _folder(request.path), request.config
    place = folder.parents[2] if folder else config.rootpath
    if place not in config.stash[_benches]:
        config.stash[_benches][place] = Bench(place, config.stash[_modules])
    bench, cloud = config.stash[_benches][place], Cloud()
    request.node.stash[_cloud] = cloud
    try:
        opened = WorkflowUnderTest(bench, cloud, folder.parent.name, folder.name) if folder else Opening(bench, cloud)
    except LanesError as error:
        pytest.fail(str(error), pytrace=False)
    try:
        yield opened
    finally:
        cloud.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell in the report of a test that failed what its workflows did."""
    report = yield
    cloud = item.stash.get(_cloud, None)
    if cloud is not None and report.when == "call" and report.failed:
        report.sections += [(f"run {number}", run.told()) for number, run in enumerate(cloud.runs, 1)]
    return report
