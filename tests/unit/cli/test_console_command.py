"""What ``lanes console`` is wired of: files that change and break, clouds that come and go, faults, wrong options."""

import tempfile

import pytest

from shared.cli.console_command import _Connection, _Faults, _Files
from shared.cli.where import Where
from shared.config.load import load_project
from shared.errors import LanesError
from shared.local.door.sessions import new_owner_key
from shared.local.state import STATE_DIR, Running, State, private_folder


@pytest.fixture
def root(copy_project, tmp_path):
    return copy_project(tmp_path / "project")


@pytest.fixture
def files(root):
    return _Files(load_project(root, [""]))


def test_help_says_what_it_does_and_how_to_type_it(lanes):
    code, out, _ = lanes("console", "--help")
    assert code == 0
    assert "Example: lanes console" in out
    for option in ("--aws", "--port", "--no-browser", "--allow-writes", "--profile", "--endpoint", "--as"):
        assert option in out


def test_options_that_would_do_nothing_are_refused(lanes):
    code, out, err = lanes("console", "--allow-writes", "--no-browser")
    assert (code, out) == (2, "")
    assert "--allow-writes is for AWS: pages may change the embedded cloud" in err
    code, out, err = lanes("console", "--profile", "x", "--no-browser")
    assert (code, out) == (2, "")
    assert "--profile is for AWS" in err


def test_a_broken_project_is_told_before_anything_starts(lanes_in, root):
    (root / "naming.yaml").write_text("slug: {pattern: 3}\n")
    told = lanes_in(root, "console", "--no-browser", "--port", "0")
    assert (told.code, told.out) == (1, "")
    assert "naming.yaml" in told.err
    assert not (root / STATE_DIR / "cloud.json").exists()


def test_a_project_is_read_again_only_where_its_files_have_changed(files, root):
    before = files.project()
    assert files.project() is before
    (root / "teams" / "team9.yaml").write_text("team: team9\nowner: a@example.edu\n")
    assert "team9" in files.project().teams
    assert files.project() is files.project()


def test_files_that_are_broken_tell_every_problem_with_its_line_until_they_are_mended(files, root):
    before = files.project()
    text = (root / "teams" / "team1.yaml").read_text()
    (root / "teams" / "team1.yaml").write_text(f"{text}nonsense: 1\nmore: 2\n")
    for _ in range(2):
        with pytest.raises(LanesError) as told:
            files.project()
        lines = str(told.value)
        assert "teams/team1.yaml" in lines
        assert "nonsense" in lines
        assert "more" in lines
    assert files.last() is before
    (root / "teams" / "team1.yaml").write_text(text + "\n")
    assert files.project().teams.keys() == before.teams.keys()


def test_an_error_is_one_of_its_own_for_each_who_asks(files, root):
    (root / "teams" / "team1.yaml").write_text("nonsense: 1\n")
    told = []
    for _ in range(2):
        with pytest.raises(LanesError) as raised:
            files.project()
        told.append(raised.value)
    assert told[0] is not told[1]


class Cloud:
    """The files of a cloud that ``lanes up`` would have left, and its lock."""

    def __init__(self, root):
        self.state = State(root / STATE_DIR)
        private_folder(self.state.folder)

    def start(self, project, number):
        assert self.state.lock.acquire()
        place = project.place
        self.state.write(
            Running(
                f"http://127.0.0.1:{number}",
                number,
                place.account,
                place.region,
                "now",
                any_key=False,
                key=new_owner_key(),
            )
        )

    def end(self):
        self.state.clear()
        self.state.lock.release()


def test_clients_are_those_of_the_cloud_that_runs_now(files, root):
    cloud, connection = Cloud(root), _Connection(files.last, Where())
    with pytest.raises(LanesError, match="no embedded cloud is running"):
        connection.clients()
    cloud.start(files.project(), 1)
    first = connection.clients()
    assert connection.clients() is first
    cloud.end()
    with pytest.raises(LanesError, match="no embedded cloud is running") as told:
        connection.clients()
    assert told.value.fix == "lanes up, then open this again"
    cloud.start(files.project(), 1)  # the same port, another key
    assert connection.clients() is not first
    cloud.end()


def test_broken_files_do_not_cut_the_console_off_from_its_cloud(files, root):
    cloud, connection = Cloud(root), _Connection(files.last, Where())
    cloud.start(files.project(), 1)
    clients = connection.clients()
    (root / "teams" / "team1.yaml").write_text("nonsense: 1\n")
    assert connection.clients() is clients
    cloud.end()


def test_a_fault_is_told_once_however_often_a_page_asks(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    faults = _Faults()
    for _ in range(3):
        faults.tell("/team2", KeyError("inner"))
    faults.tell("/team3", ValueError("other"))
    told = capsys.readouterr().err
    assert told.count("this is a fault in lanes itself: KeyError: 'inner'") == 1
    assert told.count("lanes-fault-") == 2
    assert "Traceback" not in told
