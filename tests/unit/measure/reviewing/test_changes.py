"""What git says of a change, in repositories made here."""

import subprocess
from contextlib import suppress

import pytest

from shared.errors import LanesError, UsageError
from shared.measure.reviewing.changes import base_of, changed_paths, laid_beside


def git(root, *words):
    who = ["-c", "user.name=a", "-c", "user.email=a@example.edu"]
    done = subprocess.run(["git", "-C", root, *who, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def root(tmp_path):
    (tmp_path / "sub/teams").mkdir(parents=True)
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "sub/teams/a.yaml").write_text("old")
    (tmp_path / "elsewhere").write_text("old")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "one")
    return tmp_path / "sub"


def test_what_is_committed_what_is_not_yet_and_what_is_new(root):
    base = git(root, "rev-parse", "HEAD")
    git(root, "checkout", "-qb", "mine")
    (root / "teams/a.yaml").write_text("new")
    git(root, "commit", "-qam", "two")
    (root / "teams/ä b.yaml").write_text("")
    (root.parent / "elsewhere").write_text("new")
    assert base_of(root, "main") == base
    assert changed_paths(root, base) == ["teams/a.yaml", "teams/ä b.yaml"]


def test_a_move_is_both_of_its_paths(root):
    base = git(root, "rev-parse", "HEAD")
    git(root, "mv", "teams/a.yaml", "teams/b.yaml")
    assert changed_paths(root, base) == ["teams/a.yaml", "teams/b.yaml"]


def test_what_went_into_the_base_since_then_is_no_change_of_ours(root):
    git(root, "checkout", "-qb", "mine")
    git(root, "checkout", "-q", "main")
    (root / "teams/theirs.yaml").write_text("")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "theirs")
    git(root, "checkout", "-q", "mine")
    assert changed_paths(root, base_of(root, "main")) == []


def test_the_base_lies_beside_and_is_gone_afterwards_and_no_hook_runs(root):
    hook = root.parent / ".git/hooks/post-checkout"
    hook.write_text(f"#!/bin/sh\ntouch {root}/ran\n")
    hook.chmod(0o755)
    base = git(root, "rev-parse", "HEAD")
    (root / "teams/a.yaml").write_text("new")
    with suppress(ZeroDivisionError), laid_beside(root, base) as before:
        assert (before / "teams/a.yaml").read_text() == "old"
        assert (before / ".lanes/packages").resolve() == (root / ".lanes/packages").resolve()
        raise ZeroDivisionError
    assert not before.exists()
    assert len(git(root, "worktree", "list").splitlines()) == 1
    assert not (root / "ran").exists()


@pytest.mark.parametrize("link", [False, True])
def test_what_a_commit_holds_in_place_of_our_files_is_not_used(root, tmp_path_factory, link):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    if link:
        (root / ".lanes").symlink_to(elsewhere)
    else:
        (root / ".lanes/packages/theirs").mkdir(parents=True)
        (root / ".lanes/packages/theirs/code.py").write_text("")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "by mistake")
    base = git(root, "rev-parse", "HEAD")
    git(root, "rm", "-rq", ".lanes")
    with laid_beside(root, base) as before:
        assert (before / ".lanes/packages").resolve() == root.resolve() / ".lanes/packages"
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("ref", ["nope", "--output=x", "-h"])
def test_a_ref_that_is_none(root, ref):
    with pytest.raises(UsageError, match="git knows no commit"):
        base_of(root, ref)


def test_a_folder_in_no_repository(tmp_path):
    with pytest.raises(LanesError, match="not a git repository"):
        base_of(tmp_path, "main")
