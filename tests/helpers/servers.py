"""Servers by others, started as processes of their own on a loopback port."""

import socket
import subprocess
import time
from contextlib import contextmanager


def free_port():
    """Return a loopback port that nobody listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@contextmanager
def running(command, port, log, **more):
    """Run *command*, which writes to the file *log*, until the block ends; enter the block once it takes connections.

    A server that ends before, or takes none within a minute, fails the test with its log.
    """
    with log.open("wb") as file, subprocess.Popen(command, stdout=file, stderr=file, **more) as process:
        try:
            until = time.monotonic() + 60
            while not takes_connections(port):
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < until, log.read_text()
                time.sleep(0.02)
            yield process
        finally:
            process.terminate()


def takes_connections(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
