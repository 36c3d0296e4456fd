"""Puts layers of files on a base and says what the image runs. The same input gives the same digests."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import zipfile
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from shared.packages.images.layout import CONFIG, LAYER, MANIFEST, Layout, to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from shared.packages.images.layout import Blob

TASK_ROOT = "/var/task"
OWN_CODE = "shared/"  # of a package; all else in it is libraries
_EPOCH = "1970-01-01T00:00:00Z"


def assemble(
    base: Layout,
    layers: Iterable[Mapping[str, bytes]],
    command: str | Sequence[str],
    target: Layout,
    entrypoint: Sequence[str] = (),
) -> Blob:
    """Write an image to *target* and return its manifest.

    Args:
        base: What it stands on: with a Python, and for a function Lambda's runtime client in it.
        layers: Files by their path within the image, without the leading slash; lowest layer first.
        command: What it runs: Lambda's Handler, or the words of a command.
        target: Where it goes.
        entrypoint: What starts it; nothing keeps the base's own.

    Raises:
        LanesError: The base is no layout of one image, or is damaged.
    """
    base_config, base_layers = base.parts()
    config: dict[str, Any] = json.loads(base.read(base_config))
    blobs = []
    for layer in base_layers:
        target.take(layer, base)
        blobs.append(layer)
    diff_ids = list(config["rootfs"]["diff_ids"])
    history = list(config.get("history", []))
    for files in layers:
        tar = make_tar(files)
        diff_ids.append(f"sha256:{hashlib.sha256(tar).hexdigest()}")
        blobs.append(target.add(gzip.compress(tar, 6, mtime=0), LAYER))
        history.append({"created": _EPOCH, "created_by": "lanes images build"})
    run = {
        **config.get("config", {}),
        "Cmd": [command] if isinstance(command, str) else list(command),
        "WorkingDir": TASK_ROOT,
    }
    if entrypoint:
        run["Entrypoint"] = list(entrypoint)
    config |= {
        "created": _EPOCH,
        "config": run,
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
        "history": history,
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": target.add(to_json(config), CONFIG).json(),
        "layers": [blob.json() for blob in blobs],
    }
    made = target.add(to_json(manifest), MANIFEST)
    target.name(made)
    return made


def write_scratch(target: Layout) -> Blob:
    """Write an image of nothing for Linux on x86_64 to *target*, to stand on, and return its manifest.

    It lacks Python and Lambda's runtime client, which the embedded cloud takes from its machine; on AWS nothing runs
    that stands on it.
    """
    config = {
        "architecture": "amd64",
        "os": "linux",
        "created": _EPOCH,
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": []},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": target.add(to_json(config), CONFIG).json(),
        "layers": [],
    }
    made = target.add(to_json(manifest), MANIFEST)
    target.name(made)
    return made


def package_layers(package: Path, *, libraries: bool) -> list[dict[str, bytes]]:
    """Return a function package (a zip) as layers under the task root: its libraries, if wanted, and its own code.

    Two layers, so that an edit of the code does not push the libraries again.
    """
    found: dict[bool, dict[str, bytes]] = {False: {}, True: {}}
    with zipfile.ZipFile(package) as archive:
        for name in archive.namelist():
            found[name.startswith(OWN_CODE)][f"{TASK_ROOT.lstrip('/')}/{name}"] = archive.read(name)
    return ([found[False]] if libraries and found[False] else []) + [found[True]]


def make_tar(files: Mapping[str, bytes]) -> bytes:
    """Return *files* as a tar: folders first, all of root's and readable by all, without dates."""
    folders = {str(parent) for name in files for parent in PurePosixPath(name).parents} - {"."}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(folders):
            info = tarfile.TarInfo(name)
            info.type, info.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(info)
        for name, content in sorted(files.items()):
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), 0o644
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()
