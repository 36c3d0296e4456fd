"""Bodies of objects: streamed, checked against what the request says of them, and kept whole or not at all."""

import base64
import errno
import hashlib
import io
import os

import pytest

from shared.local.door.arrived import HEADERS, TRAILERS
from shared.local.door.refused import RefusedError, Wrong
from shared.local.objects.arriving import BODY, LARGEST, leave_unread, receive
from shared.local.objects.contents import CHUNK, Contents
from shared.local.objects.refusals import Refusal

CRC32_OF_HELLO, CRC64_OF_HELLO = "NhCmhg==", "M3eFcAZSQlc="


@pytest.fixture
def contents(tmp_path):
    return Contents(tmp_path, durable=False)


def environ(body, trailers=(), **headers):
    told = [(name.replace("_", "-"), str(value)) for name, value in headers.items()]
    return {
        "REQUEST_METHOD": "PUT",
        "REQUEST_URI": "/bucket/key",
        HEADERS: told,
        TRAILERS: dict(trailers),
        BODY: io.BytesIO(body) if isinstance(body, bytes) else body,
    }


class Endless(io.RawIOBase):
    """A body of *size* bytes that notes how much of it is asked for at once."""

    def __init__(self, size):
        self.left = size
        self.most = 0

    def readinto(self, buffer):
        self.most = max(self.most, len(buffer))
        size = min(len(buffer), self.left)
        self.left -= size
        return size


def test_a_body_is_kept_with_its_sums(contents):
    received = receive(environ(b"hello", content_length=5), contents)
    assert contents.bytes_of(received.content) == b"hello"
    assert received.md5 == hashlib.md5(b"hello").digest()
    assert (received.algorithm, received.sum) == ("CRC64NVME", CRC64_OF_HELLO)


def test_nobody_before_it_sees_the_body(contents):
    request = environ(b"", content_length=5) | {"wsgi.input": io.BytesIO(b"hello"), "CONTENT_LENGTH": "5"}
    leave_unread(request)
    assert (request["wsgi.input"].read(), request["CONTENT_LENGTH"]) == (b"", "0")
    assert contents.bytes_of(receive(request, contents).content) == b"hello"


def test_a_large_body_is_never_in_memory(contents):
    body = Endless(20 * CHUNK)
    assert receive(environ(body, content_length=20 * CHUNK), contents).content.size == 20 * CHUNK
    assert body.most == CHUNK


MD5_OF_HELLO = base64.b64encode(hashlib.md5(b"hello").digest()).decode()


@pytest.mark.parametrize(
    ("headers", "algorithm"),
    [
        ({"content_md5": MD5_OF_HELLO}, "CRC64NVME"),
        ({"x_amz_checksum_crc32": CRC32_OF_HELLO}, "CRC32"),
        ({"x_amz_checksum_crc32": CRC32_OF_HELLO, "x_amz_sdk_checksum_algorithm": "CRC32"}, "CRC32"),
        ({"x_amz_sdk_checksum_algorithm": "SHA1"}, "SHA1"),
        ({"x_amz_trailer": "x-amz-checksum-crc32", "x_amz_decoded_content_length": 5, "content_length": 99}, "CRC32"),
    ],
)
def test_what_the_request_says_of_its_body_is_right(contents, headers, algorithm):
    request = environ(b"hello", {"x-amz-checksum-crc32": CRC32_OF_HELLO}, **{"content_length": 5, **headers})
    assert receive(request, contents).algorithm == algorithm


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"content_length": 6}, "IncompleteBody"),
        ({"content_length": 4}, "IncompleteBody"),
        ({"content_length": LARGEST + 1}, "EntityTooLarge"),
        ({"x_amz_decoded_content_length": LARGEST + 1}, "EntityTooLarge"),
        ({"content_md5": base64.b64encode(bytes(16)).decode()}, "BadDigest"),
        ({"content_md5": "short"}, "InvalidDigest"),
        ({"x_amz_checksum_crc32": "AAAAAA=="}, "BadDigest"),
        ({"x_amz_checksum_crc32": "AAAA"}, "InvalidRequest"),
        ({"x_amz_checksum_crc32": CRC32_OF_HELLO, "x_amz_checksum_sha1": "AAAA"}, "InvalidRequest"),
        ({"x_amz_checksum_crc32": CRC32_OF_HELLO, "x_amz_sdk_checksum_algorithm": "SHA1"}, "InvalidRequest"),
        ({"x_amz_sdk_checksum_algorithm": "CRC5"}, "InvalidRequest"),
        ({"x_amz_sdk_checksum_algorithm": "SHA512"}, "NotImplemented"),
        ({"x_amz_trailer": "x-amz-checksum-sha256"}, "MalformedTrailerError"),
        ({"x_amz_trailer": "x-amz-checksum-crc32c"}, "BadDigest"),
    ],
)
def test_what_is_not_what_was_sent_leaves_nothing(contents, tmp_path, headers, code):
    request = environ(b"hello", {"x-amz-checksum-crc32c": "AAAAAA=="}, **{"content_length": 5, **headers})
    with pytest.raises(Refusal) as refused:
        receive(request, contents)
    assert refused.value.code == code
    assert list(tmp_path.iterdir()) == []


def test_a_body_is_refused_before_it_is_read_if_it_is_too_large(contents):
    body = Endless(1)
    with pytest.raises(Refusal):
        receive(environ(body, content_length=LARGEST + 1), contents)
    assert body.most == 0


def test_a_signature_that_is_wrong_at_the_end_is_refused_and_leaves_nothing(contents, tmp_path):
    class Forged(io.BytesIO):
        def readinto(self, buffer):
            size = super().readinto(buffer)
            if not size:
                raise RefusedError(Wrong.OTHER_BODY, "another body", "send it again")
            return size

    with pytest.raises(Refusal) as refused:
        receive(environ(Forged(b"hello"), content_length=5), contents)
    assert (refused.value.code, refused.value.status) == ("XAmzContentSHA256Mismatch", 403)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_nothing(contents, tmp_path, monkeypatch):
    write, written = os.write, []

    def full(descriptor, data):
        if written:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(write(descriptor, data[:10]))
        return 10

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        receive(environ(b"hello" * 10, content_length=50), contents)
    assert list(tmp_path.iterdir()) == []
