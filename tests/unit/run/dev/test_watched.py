"""Which files count as saved, and when they are told of."""

import os
import shutil

import pytest

from shared.config.load import load_project
from shared.packages.package import Package
from shared.run.dev.loop import Saved
from shared.run.dev.watched import Watched, files_of
from shared.run.dev.watcher import Watcher


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "word-count"
    for name in ("count.py", "workflow.yaml", "sample/input/sea.txt", "lib/deep/more.py", "tests/test_count.py"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("1")
    return folder


@pytest.fixture
def watcher(folder):
    return Watcher(Watched((folder,), (folder.parent / "team.yaml",)).look, lambda path: os.path.relpath(path, folder))


def told(watcher):
    """What is told at the first look after a change, and at the second."""
    return watcher.saved(), watcher.saved()


CHANGES = {
    "written": (lambda folder: (folder / "count.py").write_text("22"), "count.py"),
    "put in its place": (
        lambda folder: ((folder / "x.tmp").write_text("2"), (folder / "x.tmp").replace(folder / "count.py")),
        "count.py",
    ),
    "removed": (lambda folder: (folder / "count.py").unlink(), "count.py"),
    "new": (lambda folder: (folder / "lib/new.py").write_text(""), "lib/new.py"),
    "a sample": (lambda folder: (folder / "sample/input/sea.txt").write_text("3"), "sample/input/sea.txt"),
    "a file that was not there": (lambda folder: (folder.parent / "team.yaml").write_text(""), "../team.yaml"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_save_is_told_once_when_it_is_quiet(watcher, folder, name):
    change, file = CHANGES[name]
    assert told(watcher) == (None, None)
    change(folder)
    assert told(watcher) == (None, Saved((file,)))
    assert told(watcher) == (None, None)


NOT_OURS = [
    *["__pycache__/count.pyc", ".git/index", ".count.py.swp", "count.py~", "4913", "#count.py#", "count.py.swp"],
    *[".#count.py", "count.py___jb_tmp___", "requirements.lock.part", "tests/test_count.py", "tests/data/x.json"],
]


@pytest.mark.parametrize("name", NOT_OURS)
def test_what_editors_git_and_tests_write_is_no_save(watcher, folder, name):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("something")
    assert told(watcher) == (None, None)


def test_tests_deeper_down_are_part_of_a_package(watcher, folder):
    (folder / "lib/tests").mkdir()
    (folder / "lib/tests/data.py").write_text("")
    assert told(watcher)[1] == Saved(("lib/tests/data.py",))


def test_many_files_of_a_checkout_are_one_save(watcher, folder):
    for number in range(3):  # each look sees more: it is not over
        (folder / f"file{number}.py").write_text("")
        assert watcher.saved() is None
    assert watcher.saved() == Saved(("file0.py", "file1.py", "file2.py"))


def test_a_change_that_is_taken_back_is_none(watcher, folder):
    (folder / "new.py").write_text("")
    assert watcher.saved() is None
    (folder / "new.py").unlink()
    assert told(watcher) == (None, None)


def test_a_folder_that_goes_and_comes_back(watcher, folder):
    shutil.rmtree(folder / "lib")
    assert told(watcher)[1] == Saved(("lib/deep/more.py",))
    (folder / "lib").mkdir()
    (folder / "lib/more.py").write_text("")
    assert told(watcher)[1] == Saved(("lib/more.py",))


def test_a_link_to_a_folder_above_ends(watcher, folder):
    (folder / "lib/up").symlink_to(folder)
    assert told(watcher) == (None, None)


def test_other_files_are_watched_from_now_on_and_our_own_writing_is_no_save(watcher, folder):
    lock, module = folder / "requirements.lock", folder.parent / "shared.py"
    module.write_text("")
    lock.write_text("")
    (folder / "count.py").write_text("saved meanwhile")
    (folder / "workflow.yaml").unlink()
    watcher.watch(Watched((folder,), (module,)).look, (os.fspath(lock),))
    assert watcher.saved() == Saved(("count.py", "workflow.yaml"))
    module.write_text("changed")
    assert told(watcher) == (None, Saved(("../shared.py",)))


def test_what_a_shared_workflow_is_made_of(copy_project, tmp_path):
    root = copy_project(tmp_path / "p")
    lane = load_project(root).lane("team2")
    package = Package(tmp_path, "", 0, 0, frozenset({"shared/handlers/s3.py", "numpy/__init__.py"}))
    watched = files_of(root, lane, "cosmic", package, tmp_path / "payload.json")
    assert watched.folders == ()
    assert {os.path.relpath(path, root) for path in watched.files} == {
        *["teams/team2.yaml", "naming.yaml", "shared/settings.yaml", "shared/handlers/s3.py", "../payload.json"],
        *["statemachines/cosmic.asl.json", "statemachines/cosmic.yaml", "statemachines/cosmic.requirements.txt"],
    }
