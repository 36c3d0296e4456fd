"""A receiver of traces on loopback that answers as it is told, and reads what comes by OpenTelemetry's own messages."""

import gzip
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

PROTOBUF = {"Content-Type": "application/x-protobuf"}


def partial(rejected, message):
    answer = ExportTraceServiceResponse()
    answer.partial_success.rejected_spans, answer.partial_success.error_message = rejected, message
    return answer.SerializeToString()


class Collector(ThreadingHTTPServer):
    """Answers each request with the next of its answers: (status, headers, body); after these, with success."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.daemon_threads = True
        self.answers, self.got, self.headers, self.paths = [], [], [], []

    @property
    def url(self):
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def requests(self):
        """What it got, as OpenTelemetry's messages."""
        return [ExportTraceServiceRequest.FromString(gzip.decompress(body)) for body in self.got]

    def handle_error(self, *_):
        """Say nothing of a connection that broke: a client that trusts nobody breaks it."""


class Handler(BaseHTTPRequestHandler):
    """Takes what is posted."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.paths.append(self.path)
        self.server.headers.append(dict(self.headers))
        self.server.got.append(body)
        status, headers, answer = self.server.answers.pop(0) if self.server.answers else (200, PROTOBUF, b"")
        if status == 0:
            self.close_connection = True  # as a receiver that ends
            return
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(answer))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        """Say nothing."""


@contextmanager
def collecting(context=None):
    """Give a receiver that listens, with TLS where there is a *context* for it."""
    with Collector() as server:
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
