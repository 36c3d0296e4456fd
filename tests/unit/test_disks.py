"""What is said of a disk that takes nothing more, by the system's error and by SQLite's."""

import errno
import os
import shutil
import sqlite3

import pytest

from shared.disks import DiskError, disk_error


def system(number, name=None):
    return OSError(number, os.strerror(number), name) if name else OSError(number, os.strerror(number))


@pytest.mark.parametrize(
    ("number", "fix"),
    [
        (errno.ENOSPC, "free space there"),
        (errno.EDQUOT, "free space there"),
        (errno.EROFS, "make it writable"),
        (errno.EACCES, "make it writable"),
        (errno.EFBIG, "raise the limit of a file's size (ulimit -f)"),
        (errno.EIO, "check the disk, and free space there"),
    ],
)
def test_an_error_of_the_system_has_its_file_and_its_fix(number, fix):
    told = disk_error(system(number, "some/file"), ["elsewhere"])
    assert str(told) == f"some/file: {os.strerror(number)}\n  fix: {fix}"


def test_an_error_without_a_file_names_the_first_folder_whose_disk_is_full(tmp_path, monkeypatch):
    class Usage:
        def __init__(self, free):
            self.free = free

    full = tmp_path / "full"
    full.mkdir()
    monkeypatch.setattr(shutil, "disk_usage", lambda place: Usage(0 if str(place) == str(full) else 1 << 30))
    assert disk_error(system(errno.ENOSPC), [tmp_path, full / "not" / "there"]).where == str(full)
    assert disk_error(system(errno.ENOSPC), [tmp_path]).where == "a file"


@pytest.mark.parametrize("error", [system(errno.ENOENT, "x"), ValueError(), sqlite3.ProgrammingError("closed")])
def test_others_are_not_of_a_disk(error):
    assert disk_error(error) is None


def test_one_that_is_told_already_stays_as_it_is():
    told = DiskError("full", where="there")
    assert disk_error(told, ["elsewhere"]) is told
