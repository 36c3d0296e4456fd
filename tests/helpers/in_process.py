"""Calls from botocore to a server in this process, without the socket between them, which is half of a call's cost.

All else is as over HTTP: the requests are botocore's own, signed and serialized, and the server's own application
answers. Tests of the server, of Lambda's workers and of whole workflows use the socket.
"""

import io
import sys
from urllib.parse import unquote, urlsplit

from botocore.awsrequest import AWSResponse, HeadersDict
from moto.core.request import PRESERVED_HEADER_NAMES_ENVIRON_KEY

from shared.local.door.arrived import HEADERS


def go_straight(aws, app):
    """Have the WSGI application *app* answer all calls of *aws*, whose clients must not have been made yet."""

    def send(request, **_):
        answered = {}

        def start(status, headers, _error=None):
            answered.update(status=int(status.split()[0]), headers=headers)

        chunks = app(_environ(request), start)
        try:
            body = b"".join(chunks)
        finally:
            getattr(chunks, "close", bool)()
        headers = HeadersDict(answered["headers"])
        return AWSResponse(request.url, answered["status"], headers, _Body(body))

    aws.session.events.register("before-send.*.*", send)
    return aws


def _environ(request):
    """Return botocore's prepared *request* as Werkzeug's server would hand it to an application."""
    url = urlsplit(request.url)
    target = f"{url.path or '/'}?{url.query}" if url.query else url.path or "/"
    body = request.body or b""
    body = body.read() if hasattr(body, "read") else body
    body = body.encode() if isinstance(body, str) else bytes(body)
    headers = [(name, value.decode() if isinstance(value, bytes) else value) for name, value in request.headers.items()]
    headers = [("Host", url.netloc), *((name, value) for name, value in headers if name.lower() != "expect")]
    environ = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(url.path or "/").encode().decode("latin-1"),
        "QUERY_STRING": url.query,
        "REQUEST_URI": target,
        "RAW_URI": target,
        "REMOTE_ADDR": url.hostname,
        "SERVER_NAME": url.hostname,
        "SERVER_PORT": str(url.port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        HEADERS: headers,
        PRESERVED_HEADER_NAMES_ENVIRON_KEY: {},
    }
    for name, value in headers:
        key = name.upper().replace("-", "_")
        environ[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"] = value
    return environ


class _Body(io.BytesIO):
    """An answer's body, with what botocore asks of urllib3's."""

    def stream(self, *_args, **_more):
        yield self.read()
