"""What uv says, as an error of ours."""

import pytest

from shared.config.runtimes import MACHINE
from shared.disks import DiskError
from shared.packages.target import Target
from shared.packages.uv import Unsolvable, _explained

FULL = (
    "error: failed to copy file from /cache/archive-v0/a/onnx.py to /p/.lanes/packages/libraries/tmp1/onnx.py: "
    "No space left on device (os error 28)"
)


@pytest.mark.parametrize(
    ("said", "where"),
    [
        (f"  ╰─▶ {FULL.removeprefix('error: ')}", "/p/.lanes/packages/libraries/tmp1/onnx.py"),
        (
            "cause: failed to create directory `/home/u/.cache/uv`: Read-only file system (os error 30)",
            "/home/u/.cache/uv",
        ),
    ],
)
def test_a_full_disk_is_no_fault_of_the_requirements(said, where):
    told = _explained(said, Target(MACHINE, "x86_64"))
    assert isinstance(told, DiskError)
    assert (told.where, told.fix in {"free space there", "make it writable"}) == (where, True)


def test_other_words_are_of_the_requirements():
    assert isinstance(_explained("cause: numpy was not found", Target(MACHINE, "x86_64")), Unsolvable)


def test_an_index_whose_certificate_is_not_trusted_is_told_from_one_that_does_not_answer():
    said = (
        "cause: error sending request for url (https://index/simple/)\ncause: invalid peer certificate: UnknownIssuer"
    )
    told = _explained(said, Target(MACHINE, "x86_64"))
    assert told.what == "the package index's certificate is not trusted: UnknownIssuer"
    assert "SSL_CERT_FILE" in told.fix
