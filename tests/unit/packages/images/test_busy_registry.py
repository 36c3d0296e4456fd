"""A push to a registry that is busy or hangs up is begun again; an error that stays is told."""

import http.server
import threading

import pytest

from shared.aws.settling.patience import Patience, StaysError
from shared.packages.images.reference import Reference
from shared.packages.images.registry import Registry, RegistryError


class Busy(http.server.BaseHTTPRequestHandler):
    """Takes blobs and manifests, after so many answers of another kind from ``server.first``."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self._say(404)

    def do_POST(self):
        self._say(self._first("POST") or 202, Location="/upload")

    def do_PUT(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        kind = "manifest" if "/manifests/" in self.path else "blob"
        self._say(self._first(kind) or 201)

    def _first(self, kind):
        queue = self.server.first.get(kind, [])
        return queue.pop(0) if queue else None

    def _say(self, status, **headers):
        if status == "hang up":
            self.close_connection = True
            return
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        text = b'{"errors": [{"code": "NAME_UNKNOWN", "message": "no such repository"}]}' if status == 404 else b""
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)


@pytest.fixture
def busy():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Busy)
    server.first = {}
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def pushed(server, layout, waits):
    reference = Reference.parse(f"127.0.0.1:{server.server_port}/work:v1")
    return Registry(reference, patience=Patience(waits.append)).push(layout)


@pytest.mark.parametrize("kind", ["POST", "blob", "manifest"])
@pytest.mark.parametrize("first", [429, 500, 503, "hang up"])
def test_a_push_is_begun_again_where_the_registry_was_busy_or_hung_up(busy, base, kind, first):
    busy.first = {kind: [first]}
    waits = []
    assert pushed(busy, base, waits) == base.image().digest
    assert len(waits) == 1


def test_a_repository_that_was_just_made_is_waited_for(busy, base):
    busy.first = {"POST": [404]}
    waits = []
    assert pushed(busy, base, waits) == base.image().digest
    assert len(waits) == 1


def test_a_registry_that_stays_busy_is_told(busy, base):
    busy.first = {"POST": [503] * 200}
    waits = []
    with pytest.raises(StaysError, match="an upload was not begun: HTTP 503"):
        pushed(busy, base, waits)
    assert sum(waits) >= 120


def test_a_refusal_is_told_at_once(busy, base):
    busy.first = {"manifest": [400]}
    waits = []
    with pytest.raises(RegistryError, match="manifest was not taken"):
        pushed(busy, base, waits)
    assert waits == []
