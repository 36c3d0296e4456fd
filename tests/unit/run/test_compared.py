"""What a rehearsal knows of files and cloud, and when it knows nothing."""

import os

import pytest

from shared.run.compared import FILE, Compared

LONG_AGO = 1_000_000_000


@pytest.fixture
def root(tmp_path):
    (tmp_path / "teams").mkdir()
    (tmp_path / "naming.yaml").write_text("{}")
    (tmp_path / "teams" / "team2.yaml").write_text("team: team2")
    (tmp_path / ".lanes").mkdir()
    return tmp_path


class Settled(Compared):
    """As if the files had lain there for a while."""

    def __init__(self, root):
        super().__init__(root, root / ".lanes")
        self._settled = True


def test_what_was_found_is_known_while_no_file_changes(root):
    Settled(root).keep_deployed("team2", "cloud-7")
    Settled(root).keep_valid(["team2"])
    after = Compared(root, root / ".lanes")
    assert after.is_deployed("team2", "cloud-7")
    assert not after.is_deployed("team2", "cloud-8")
    assert not after.is_deployed("team1", "cloud-7")
    assert after.is_valid(["team2"])
    assert not after.is_valid(["team1", "team2"])
    assert not after.is_valid([])


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "teams" / "team2.yaml").write_text("team: team3"),  # as long, and at the same time
        lambda root: (root / "teams" / "new.yaml").write_text(""),
        lambda root: (root / "naming.yaml").unlink(),
        lambda root: (root / "naming.yaml").rename(root / "teams" / "naming.yaml"),
        lambda root: (root / "teams" / "team2.yaml").chmod(0o600),
    ],
)
def test_any_change_of_a_file_is_seen_whatever_its_times_say(root, change):
    path = root / "teams" / "team2.yaml"
    os.utime(path, (LONG_AGO, LONG_AGO))
    Settled(root).keep_deployed("team2", "cloud-7")
    change(root)
    if path.exists():
        os.utime(path, (LONG_AGO, LONG_AGO))
    assert not Settled(root).is_deployed("team2", "cloud-7")


def test_nothing_is_kept_of_a_file_that_changed_just_now(root):
    """A second change in the same moment would not show in its times."""
    just = Compared(root, root / ".lanes")
    just.keep_deployed("team2", "cloud-7")
    assert not (root / ".lanes" / FILE).exists()


@pytest.mark.parametrize("broken", ["", "[]", '{"files": 1}', '{"files": "x", "deployed": 3}', "\x00"])
def test_a_note_that_cannot_be_read_says_nothing(root, broken):
    (root / ".lanes" / FILE).write_text(broken)
    assert not Settled(root).is_deployed("team2", "cloud-7")
    Settled(root).keep_deployed("team2", "cloud-7")
    assert Settled(root).is_deployed("team2", "cloud-7")


def test_a_project_without_a_cloud_gets_no_folder(tmp_path):
    (tmp_path / "naming.yaml").write_text("{}")
    Settled(tmp_path).keep_valid(["team2"])
    assert not (tmp_path / ".lanes").exists()
