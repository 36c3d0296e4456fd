"""The container: Python's slim image and the server, which needs nothing but the standard library."""

from __future__ import annotations

import json

COMMAND = ("python", "-m", "shared.fmi.rendezvous", "--port", "{port}", "--http-port", "{http_port}")
_READY = "import urllib.request as r; r.urlopen('http://127.0.0.1:{http_port}/readyz', timeout=2)"
_DOCKERFILE = """\
# Build from the project's folder: lanes rendezvous dockerfile | docker build -t IMAGE -f - .
FROM python:3.13-slim
ENV PYTHONUNBUFFERED=1
WORKDIR /app
COPY shared/__init__.py shared/errors.py shared/
COPY shared/fmi shared/fmi
USER nobody
EXPOSE {port} {http_port}
CMD {command}
"""


def http_port(port: int) -> int:
    """Return where a server that pairs on *port* answers HTTP: the next one."""
    return port + 1


def command(port: int, *, allow_open: bool = False) -> list[str]:
    """Return what the container runs."""
    told = [part.format(port=port, http_port=http_port(port)) for part in COMMAND]
    return [*told, "--allow-open"] if allow_open else told


def health_command(port: int) -> list[str]:
    """Return what ECS runs inside the container to know that it is well: /readyz, which answers 503 when it is not."""
    return ["CMD", "python", "-c", _READY.format(http_port=http_port(port))]


def dockerfile(port: int) -> str:
    """Return the Dockerfile of the image."""
    return _DOCKERFILE.format(port=port, http_port=http_port(port), command=json.dumps(command(port)))
