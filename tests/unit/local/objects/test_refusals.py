"""What S3 answers itself, and what it leaves to who tells of disks (tests/unit/local/door/test_failing.py)."""

import errno
from types import SimpleNamespace

import pytest

from shared.local.objects.refusals import Refusal, answering

PUT, HEAD = SimpleNamespace(method="PUT"), SimpleNamespace(method="HEAD")


def raising(error):
    def operation(_response):
        raise error

    return answering(operation)


def test_a_refusal_is_an_answer_without_a_body_where_nobody_may_have_one():
    refuse = raising(Refusal("BadDigest", "not <that>"))
    status, _, body = refuse(PUT)
    assert (status, "<Code>BadDigest</Code><Message>not &lt;that&gt;</Message>" in body) == (400, True)
    assert refuse(HEAD)[2] == ""


def test_a_full_disk_is_not_told_as_a_refusal():
    with pytest.raises(OSError, match="No space left"):
        raising(OSError(errno.ENOSPC, "No space left on device"))(PUT)
