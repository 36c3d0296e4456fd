"""Serves the console on loopback, with a thread for each connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.serving import BaseWSGIServer

LOOPBACK = "127.0.0.1"


class _Quiet(WSGIRequestHandler):
    """Writes no line for each request, since a page asks again and again, and an address may hold a token."""

    protocol_version = "HTTP/1.1"
    timeout = 60  # seconds until a connection that says nothing is closed

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002  as it is called there
        """Write nothing."""


def open_server(port: int) -> BaseWSGIServer:
    """Return a server that listens on *port* of loopback, 0 for any; its application is set later.

    Raises:
        OSError: The port is taken.
    """
    return make_server(LOOPBACK, port, _nothing, threaded=True, request_handler=_Quiet)


def _nothing(_environ: object, start: object) -> list[bytes]:
    raise NotImplementedError  # replaced before anything is served


def serve(server: BaseWSGIServer, app: Flask) -> None:
    """Serve *app* until the process is interrupted."""
    server.app = app
    server.serve_forever()
