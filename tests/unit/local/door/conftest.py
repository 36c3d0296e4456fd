"""Requests as botocore's own signers make them, and as they arrive."""

import io
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from shared.local.door.arrived import Arrived

HOST = "127.0.0.1:4599"


def _signed(
    key,
    *,
    service="s3",
    region="us-east-1",
    method="PUT",
    path="/bucket/key",
    query="",
    headers=(),
    body=b"",
    presign=0,
):
    """Return what arrives of a request that botocore signs with *key* now."""
    url = f"http://{HOST}{path}" + (f"?{query}" if query else "")
    request = AWSRequest(method=method, url=url, headers={"Host": HOST, **dict(headers)}, data=b"" if presign else body)
    request.context["payload_signing_enabled"] = True
    credentials = Credentials(key.id, key.secret, key.token or None)
    if presign:
        signer = S3SigV4QueryAuth if service == "s3" else SigV4QueryAuth
        signer(credentials, service, region, expires=presign).add_auth(request)
    else:
        signer = S3SigV4Auth if service == "s3" else SigV4Auth
        signer(credentials, service, region).add_auth(request)
    parts = urlsplit(request.url)
    told = [(name.lower(), value) for name, value in request.headers.items()]
    return Arrived(method, parts.path + (f"?{parts.query}" if parts.query else ""), told)


@pytest.fixture(scope="session")
def sign():
    """Return a function that makes a request which botocore has signed."""
    return _signed


@pytest.fixture(scope="session")
def environ_of():
    """Return a function that makes the WSGI environ of what arrived, as our server does."""
    return _environ


def _environ(arrived, body=b""):
    headers = [*arrived.headers, *([("content-length", str(len(body)))] if body else [])]
    return {
        "REQUEST_METHOD": arrived.method,
        "REQUEST_URI": arrived.target,
        "SERVER_PORT": HOST.partition(":")[2],
        "lanes.headers": headers,
        "wsgi.input": io.BytesIO(body),
    }


@pytest.fixture
def now():
    return datetime.now(UTC)
