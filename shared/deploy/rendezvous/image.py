"""The server's image: a Python, and the server, which needs only the standard library."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shared.config.ecr_uri import in_ecr
from shared.errors import LanesError
from shared.packages.images.build import TASK_ROOT, assemble

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shared.config.ecr_uri import EcrUri
    from shared.config.platform import RendezvousService
    from shared.packages.images.layout import Blob, Layout

SOURCES = ("shared/__init__.py", "shared/errors.py", "shared/fmi")
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
    """Return what ECS runs inside the container to see if it is healthy: it asks /readyz, which answers 503 if not."""
    return ["CMD", "python", "-c", _READY.format(http_port=http_port(port))]


def dockerfile(port: int) -> str:
    """Return the Dockerfile of the image."""
    return _DOCKERFILE.format(port=port, http_port=http_port(port), command=json.dumps(command(port)))


def own_image(service: RendezvousService) -> EcrUri | None:
    """Return the image of *service* when its repository is the platform's, in the service's account and region."""
    found, place = in_ecr(service.image), service.lane.place
    own = found and (found.account, found.region) == (place.account, place.region)
    return found if own and found and found.repository.startswith(f"{service.lane.team}/") else None


def build(root: Path, port: int, base: Layout, target: Layout) -> Blob:
    """Put the server on *base*, without a container engine, and return the image's manifest.

    Args:
        root: The project.
        port: Where the server pairs.
        base: An image with a Python.
        target: Where it goes.

    Raises:
        LanesError: The base starts something of its own, so the server's command would be its arguments.
    """
    config = json.loads(base.read(base.parts()[0])).get("config") or {}
    if config.get("Entrypoint"):
        raise LanesError(
            f"the base starts {' '.join(config['Entrypoint'])}",
            where=str(base.folder),
            fix="give a base with a Python and no entrypoint, such as python:3.13-slim",
        )
    files = {f"{TASK_ROOT.lstrip('/')}/{path.relative_to(root)}": path.read_bytes() for path in _sources(root)}
    return assemble(base, [files], command(port), target)


def _sources(root: Path) -> Iterator[Path]:
    for source in SOURCES:
        path = root / source
        yield from sorted(path.rglob("*.py")) if path.is_dir() else [path]
