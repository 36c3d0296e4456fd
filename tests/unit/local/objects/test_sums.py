"""Checksums as the catalogue of CRCs and the standards give them, and those of wholes from parts."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.local.objects import sums

# The check values of "123456789": reveng's catalogue of parametrised CRC algorithms; FIPS 180-4.
CHECKS = {
    "CRC32": "cbf43926",
    "CRC32C": "e3069283",
    "CRC64NVME": "ae8b14860a799888",
    "SHA1": hashlib.sha1(b"123456789").hexdigest(),
    "SHA256": hashlib.sha256(b"123456789").hexdigest(),
}


def of(algorithm, *pieces):
    sum_ = sums.begin(algorithm)
    for piece in pieces:
        sum_.update(memoryview(piece))
    return sum_.digest()


@pytest.mark.parametrize("algorithm", sums.ALGORITHMS)
def test_check_values(algorithm):
    assert of(algorithm, b"123456789").hex() == CHECKS[algorithm]


@given(st.sampled_from(sums.ALGORITHMS), st.lists(st.binary(max_size=50), max_size=4))
def test_pieces_make_the_sum_of_the_whole(algorithm, pieces):
    assert of(algorithm, *pieces) == of(algorithm, b"".join(pieces))


@given(st.sampled_from(sorted(sums.CRCS)), st.lists(st.binary(max_size=50), min_size=1, max_size=4))
def test_the_sums_of_parts_make_that_of_the_whole(algorithm, parts):
    assert sums.of_all(algorithm, [(of(algorithm, part), len(part)) for part in parts]) == of(
        algorithm, b"".join(parts)
    )


def test_a_composite_sum_is_that_of_the_sums():
    digests = [of("SHA256", b"a"), of("SHA256", b"b")]
    assert sums.of_sums("SHA256", digests) == hashlib.sha256(b"".join(digests)).digest()
    assert sums.read(sums.written(digests[0])) == digests[0]
