"""Runs commands of ``lanes`` with the project's ``.lanes`` on a disk of its own: full, read-only, or tiny.

Run by itself in a mount namespace (:func:`tests.helpers.on_disk.run`), as root's writes go through any mode bits: it
mounts a tmpfs there, forks for each command, and prints a line of JSON for each.
"""

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import subprocess
import sys
import tempfile
from pathlib import Path

NAMESPACES = (["unshare", "--mount"], ["unshare", "--user", "--map-root-user", "--mount"])


def namespace():
    """Return the command that enters a mount namespace here; None if none does."""
    for command in NAMESPACES:
        with contextlib.suppress(FileNotFoundError), tempfile.TemporaryDirectory() as folder:
            mount = ["mount", "-t", "tmpfs", "tmpfs", folder]
            if subprocess.run([*command, *mount], capture_output=True, check=False).returncode == 0:
                return command
    return None


def run(enter, kind, project, commands):
    """Run *commands* in *project*. Return for each its exit code, what it printed, and what is left of a file there."""
    asked = json.dumps({"kind": kind, "project": str(project), "commands": commands})
    done = subprocess.run(
        [*enter, sys.executable, __file__],
        input=asked,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "400", "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def _mount(kind, lanes):
    lanes.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs", lanes], check=True)
    (lanes / "mine").write_text("what was there before")
    if kind == "full":
        with (lanes / "fill").open("wb", 0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))
    if kind == "read-only":
        subprocess.run(["mount", "-o", "remount,ro", lanes], check=True)


def _run(main, words, folder):
    paths = [folder / "stdout", folder / "stderr"]
    pid = os.fork()
    if pid == 0:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for number, path in enumerate(paths, 1):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
        sys.argv = ["lanes", *words]
        try:
            main()
        except SystemExit as ended:
            sys.stdout.flush()
            os._exit(ended.code or 0)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return {"code": code, "out": paths[0].read_text(), "err": paths[1].read_text()}


def _load():
    """Load what the commands import late: once, and not in each of them."""
    import moto.server  # noqa: F401

    import shared.local.cloud  # noqa: F401

    for room in ("aws", "config", "deploy", "isolation", "packages", "run"):
        package = importlib.import_module(f"shared.{room}")
        for module in pkgutil.walk_packages(package.__path__, f"shared.{room}."):
            importlib.import_module(module.name)
    gc.freeze()  # what is there by now is shared with the forks, and no garbage


def _main():
    asked = json.load(sys.stdin)
    project = Path(asked["project"])
    lanes = project / ".lanes"
    _mount(asked["kind"], lanes)
    os.chdir(project)
    from shared.cli.main import main

    _load()

    with tempfile.TemporaryDirectory() as folder:
        for words in asked["commands"]:
            if words == ["rm", "fill"]:
                (lanes / "fill").unlink()
                continue
            told = _run(main, words, Path(folder))
            kept = (lanes / "mine").read_text()
            sys.stdout.write(json.dumps({"words": words, "kept": kept, **told}) + "\n")


if __name__ == "__main__":
    _main()
