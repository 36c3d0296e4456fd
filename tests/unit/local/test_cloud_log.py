"""The log of a cloud: it is exchanged when it is large or gone, and a line that comes a thousand times is one."""

import logging
import os

import pytest

from shared.local.cloud_log import CloudLog, Folded, open_log


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "cloud.log"
    descriptor = open_log(path)

    def write(text):
        os.write(descriptor, text.encode())

    yield CloudLog(path, descriptor, largest=10), path, write
    os.close(descriptor)


def test_a_large_file_becomes_an_old_one_and_three_are_kept(log):
    cloud_log, path, write = log
    for number in range(5):
        write(f"line {number} is long enough\n")
        cloud_log.look()
    write("new")
    cloud_log.look()
    told = {each.name: each.read_text() for each in path.parent.iterdir()}
    assert told == {
        "cloud.log": "new",
        "cloud.log.1": "line 4 is long enough\n",
        "cloud.log.2": "line 3 is long enough\n",
    }
    assert path.stat().st_mode & 0o777 == 0o600


def test_one_that_was_removed_is_begun_again(log):
    cloud_log, path, write = log
    path.unlink()
    cloud_log.look()
    write("after")
    assert path.read_text() == "after"


def test_where_no_file_can_be_made_the_old_one_goes_on(log):
    cloud_log, path, write = log
    path.unlink()
    path.parent.rmdir()
    cloud_log.look()
    write("nobody reads this, and nothing stops")
    path.parent.mkdir()


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def folded():
    lines, clock = [], Clock()
    handler = Folded(lines.append, clock)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    logger = logging.getLogger("test_cloud_log")
    logger.propagate = False
    logger.addHandler(handler)
    yield logger, handler, lines, clock
    logger.removeHandler(handler)


def test_the_same_line_is_written_once_a_minute_with_how_often_it_came(folded):
    logger, handler, lines, clock = folded
    for _ in range(1000):
        logger.warning("%s is throttled", "f")
    logger.warning("%s is throttled", "g")
    handler.look()
    assert lines == ["WARNING f is throttled\n", "WARNING g is throttled\n"]
    clock.now = 60.0
    handler.look()
    assert lines[2:] == ["999 times more in a minute: f is throttled\n"]
    logger.warning("f is throttled")
    assert lines[3:] == ["WARNING f is throttled\n"]


def test_other_errors_under_the_same_words_are_other_lines(folded):
    logger, _, lines, _ = folded
    for error in (KeyError("a"), KeyError("b"), KeyError("a")):
        logger.error("failed", exc_info=error)
    assert len(lines) == 2


def test_it_remembers_so_many_lines_and_no_more(folded):
    logger, _, lines, _ = folded
    for number in range(1001):
        logger.warning("line %d", number)
    logger.warning("line 0")  # forgotten by now
    assert len(lines) == 1002


def test_a_full_disk_stops_nobody_who_logs():
    def full(_):
        raise OSError

    logger = logging.getLogger("test_cloud_log.full")
    logger.propagate = False
    logger.addHandler(Folded(full))
    logger.warning("x")
