"""Puts layers of files on a base and says what the image runs. The same input gives the same digests."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import zipfile
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NotRequired, TypedDict

from shared.packages.images.layout import CONFIG, LAYER, Layout, to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from shared.packages.images.layout import Blob
    from shared.packages.package import Package


class Files(TypedDict):
    """The digests of an image's unpacked layers, from the lowest up."""

    type: str
    diff_ids: list[str]


class Config(TypedDict):
    """An image's config, as far as it is changed here. Source: OCI image-spec, "Image Configuration"."""

    created: str
    config: NotRequired[dict[str, object]]
    rootfs: Files
    history: NotRequired[list[dict[str, str]]]


TASK_ROOT = "/var/task"
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
        base: Its base, with a Python in it, and for a function with Lambda's runtime client.
        layers: Files by their path within the image, without the leading slash; lowest layer first.
        command: What it runs: Lambda's Handler, or the words of a command.
        target: Where it goes.
        entrypoint: What starts it; nothing keeps the base's own.

    Raises:
        LanesError: The base is no layout of one image, or is damaged.
    """
    base_config, base_layers = base.parts()
    config: Config = json.loads(base.read(base_config))
    for layer in base_layers:
        target.take(layer, base)
    blobs = list(base_layers)
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
    return target.keep_image(target.add(to_json(config), CONFIG), blobs)


def write_scratch(target: Layout) -> Blob:
    """Write an empty image for Linux on x86_64 to *target*, as a base, and return its manifest.

    It lacks Python and Lambda's runtime client. The embedded cloud takes both from its machine. On AWS no image runs
    that has this base.
    """
    config = {
        "architecture": "amd64",
        "os": "linux",
        "created": _EPOCH,
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": []},
    }
    return target.keep_image(target.add(to_json(config), CONFIG), [])


def package_layers(package: Package, *, libraries: bool) -> list[dict[str, bytes]]:
    """Return a workflow's package as layers under the task root: its libraries, if wanted, and its code.

    There are two layers, so that an edit of the code does not push the libraries again.
    """
    found: dict[bool, dict[str, bytes]] = {False: {}, True: {}}
    with zipfile.ZipFile(package.path) as archive:
        for name in archive.namelist():
            found[name in package.code][f"{TASK_ROOT.lstrip('/')}/{name}"] = archive.read(name)
    return ([found[False]] if libraries and found[False] else []) + [found[True]]


def make_tar(files: Mapping[str, bytes]) -> bytes:
    """Return *files* as a tar: folders first, owned by root, readable by everybody, without dates."""
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
