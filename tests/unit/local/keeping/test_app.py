"""What stands before moto in a kept cloud: an answer goes out when what it tells of is written."""

import pytest

from shared.disks import DiskError
from shared.local.changing import Changes
from shared.local.keeping.app import Keeping


class FullDisk:
    """A journal that cannot write."""

    def next(self):
        return 1

    def written(self, _number):
        raise DiskError("the disk is full", where="tables.db", fix="free space there")


def answered(touches):
    """Return how a request is answered whose call does or does not touch something, and what went out of it."""
    changes, said = Changes(), []

    def cloud(_environ, start):
        if touches:
            changes.touch(object())
        start("200 OK", [])
        return [b"done"]

    app = Keeping(cloud, changes, FullDisk())
    return lambda: app({}, lambda *told: said.append(told)), said


def test_a_full_disk_is_told_as_such_and_nothing_is_acknowledged():
    """door/failing.py names the place and the fix, as of any disk."""
    answer, said = answered(touches=True)
    with pytest.raises(DiskError, match="the disk is full"):
        answer()
    assert said == []


def test_what_changes_nothing_waits_for_no_disk():
    answer, said = answered(touches=False)
    assert answer() == [b"done"]
    assert said == [("200 OK", [])]
