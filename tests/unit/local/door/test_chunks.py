"""Bodies are checked while they are read: AWS's own examples of signed pieces, cut and changed at each place."""

import hashlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.local.door.chunks import CheckedBody, Digest, SignedChunks, checker
from shared.local.door.refused import RefusedError
from shared.local.door.signature import SIGNED_CHUNKS, UNSIGNED, UNSIGNED_CHUNKS, Signed

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


def signed(payload, signature):
    place = "AKIAIOSFODNN7EXAMPLE", "20130524T000000Z", "20130524", "us-east-1", "s3", ("host",)
    return Signed(*place, signature, "", payload)


def pieces(*signatures, trailer=b""):
    data = (b"a" * 65536, b"a" * 1024, b"")
    told = [f"{len(part):x};chunk-signature=".encode() + own for part, own in zip(data, signatures, strict=True)]
    return b"".join(
        first + b"\r\n" + (part + b"\r\n" if part else b"") for first, part in zip(told, data, strict=True)
    ) + (trailer or b"\r\n")


# Amazon S3 API Reference, "Signature calculations for the Authorization header: Transferring payload in multiple
# chunks (chunked upload)", and the same "with trailing headers"; read 2026-11-29.
PLAIN = (
    signed(SIGNED_CHUNKS[0], "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"),
    pieces(
        b"ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
        b"0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
        b"b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
    ),
)
TRAILED = (
    signed(SIGNED_CHUNKS[1], "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"),
    pieces(
        b"b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
        b"1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
        b"2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
        trailer=(
            b"x-amz-checksum-crc32c:sOO8/Q==\r\n"
            b"x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n"
        ),
    ),
)
EXAMPLES = {"plain": PLAIN, "trailed": TRAILED}
examples = st.sampled_from(sorted(EXAMPLES))


def look(check, *parts):
    for part in parts:
        check.feed(part)
    check.finish()


@given(examples, st.lists(st.integers(0, 70_000), max_size=5).map(sorted))
def test_awss_examples_are_right_wherever_they_are_cut(example, cuts):
    told, body = EXAMPLES[example]
    look(SignedChunks(told, SECRET), *(body[a:b] for a, b in zip([0, *cuts], [*cuts, None], strict=True)))


# Changes without a meaning are left out: how a size is spelt, and line ends (AWS's clients send several kinds).
@given(examples, st.data())
def test_any_byte_of_them_changed_is_wrong(example, data):
    told, body = EXAMPLES[example]
    meant = [place for place, byte in enumerate(body[65_600:], 65_600) if byte not in b"\r\n"] + list(range(5, 200))
    place = data.draw(st.sampled_from(meant))
    byte = data.draw(st.integers(0x21, 0x7E).filter(lambda byte: byte != body[place]))
    changed = body[:place] + bytes([byte]) + body[place + 1 :]
    if changed.lower() == body.lower():
        return
    with pytest.raises(RefusedError):
        look(SignedChunks(told, SECRET), changed)


@given(examples, st.integers(1, 400))
def test_what_ends_too_early_is_wrong(example, missing):
    told, body = EXAMPLES[example]
    if body[-missing:].strip(b"\r\n"):
        with pytest.raises(RefusedError):
            look(SignedChunks(told, SECRET), body[:-missing])


@pytest.mark.parametrize("more", [b"x", b"0;chunk-signature=" + b"0" * 64 + b"\r\n", b"x-amz-checksum-crc32c:AAAA\r\n"])
@pytest.mark.parametrize("example", sorted(EXAMPLES))
def test_what_is_not_signed_may_not_follow(example, more):
    told, body = EXAMPLES[example]
    with pytest.raises(RefusedError):
        look(SignedChunks(told, SECRET), body.rstrip(b"\r\n") + b"\r\n" + more + b"\r\n")


@pytest.mark.parametrize(
    "first", [b"-1;chunk-signature=" + b"0" * 64, b"zz", b"5", b"5;chunk-signature=", b"1" * 20_000]
)
def test_a_piece_says_how_long_it_is_and_its_signature(first):
    with pytest.raises(RefusedError, match=r"with its length|too long"):
        look(SignedChunks(PLAIN[0], SECRET), first + b"\r\n")


@pytest.mark.parametrize("word", ["", UNSIGNED])
def test_a_body_that_is_not_signed_is_not_checked(word):
    assert CheckedBody(io.BytesIO(b"any"), 3, checker(word, signed(word, ""), SECRET)).read() == b"any"


UNSIGNED_BODY = b"3\r\nabc\r\n2\r\nde\r\n0\r\nX-Amz-Checksum-Crc32: hYcNcA==\r\n\r\n"


@pytest.mark.parametrize("ends", [len(UNSIGNED_BODY), None])
@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_pieces_that_are_not_signed_are_taken_apart(ends, size):
    check = checker(UNSIGNED_CHUNKS, signed(UNSIGNED_CHUNKS, ""), SECRET)
    stream = CheckedBody(io.BytesIO(UNSIGNED_BODY), ends, check)
    assert b"".join(iter(lambda: stream.read(size), b"")) == b"abcde"
    assert check.trailers == {"x-amz-checksum-crc32": "hYcNcA=="}


@pytest.mark.parametrize("missing", range(35, 53))  # the last piece, and all before it
def test_pieces_that_are_not_signed_have_an_end(missing):
    body = UNSIGNED_BODY[: len(UNSIGNED_BODY) - missing]
    for ends in (len(UNSIGNED_BODY), len(body), None):
        with pytest.raises(RefusedError):
            CheckedBody(io.BytesIO(body), ends, checker(UNSIGNED_CHUNKS)).read()


@given(examples, st.integers(1, 5000))
def test_what_is_read_of_signed_pieces_is_what_they_hold(example, size):
    told, body = EXAMPLES[example]
    check = checker(told.payload, told, SECRET)
    stream = CheckedBody(io.BytesIO(body), len(body), check)
    assert b"".join(iter(lambda: stream.read(size), b"")) == b"a" * 66_560
    assert check.trailers == ({"x-amz-checksum-crc32c": "sOO8/Q=="} if example == "trailed" else {})


def checked(body, told=None):
    return CheckedBody(io.BytesIO(body), len(body), Digest(hashlib.sha256(body if told is None else told).hexdigest()))


@given(st.binary(max_size=200), st.lists(st.integers(0, 60), max_size=5))
def test_a_body_comes_through_as_it_is(body, sizes):
    stream = checked(body)
    assert b"".join([*(stream.read(size) for size in sizes), stream.read()]) == body
    lines = checked(body)
    assert list(iter(lines.readline, b"")) == io.BytesIO(body).readlines()


@given(st.binary(min_size=2, max_size=200))
def test_the_last_bytes_of_another_body_are_not_handed_out(body):
    stream = checked(body, body + b"x")
    stream.read(len(body) - 1)
    with pytest.raises(RefusedError, match="a different body"):
        stream.read()


def test_a_client_that_goes_away_is_not_taken_for_one_that_has_ended():
    stream = CheckedBody(io.BytesIO(b"abc"), 5, Digest(hashlib.sha256(b"abcde").hexdigest()))
    with pytest.raises(RefusedError, match="ends too early"):
        stream.read()


def test_no_more_is_read_than_the_body_has():
    source = io.BytesIO(b"abc and the next request")
    stream = CheckedBody(source, 3, Digest(hashlib.sha256(b"abc").hexdigest()))
    assert stream.read(100) == b"abc"
    assert stream.read() == stream.readline() == b""
    assert source.tell() == 3
