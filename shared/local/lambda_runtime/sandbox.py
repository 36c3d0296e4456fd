"""What a worker sees: its environment, a /tmp of its own, code it cannot write to.

Where the kernel gives mount namespaces (to root, or to anyone where user namespaces are open), a worker's /tmp is a
tmpfs of the function's ephemeral storage, which goes with the process, and its code is mounted read-only: a full /tmp
and a write to the code fail as on AWS. What lies in that /tmp takes the machine's memory, not the function's.
Elsewhere /tmp is the machine's own: only TMPDIR (so ``tempfile``) is private, one file may not exceed the ephemeral
storage, and the code is read-only by mode, which root ignores.
:attr:`Sandbox.private_mounts` tells which of the two holds.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import threading
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from shared.config.runtimes import MACHINE
from shared.local.lambda_runtime.libraries import Libraries, search_path
from shared.local.pythons import RUNTIME_MODULES, Python, find_python, module_path, other_python

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shared.aws.access_key import AccessKey
    from shared.local.lambda_runtime.function import FunctionSpec

_TASK = "/var/task"  # where Lambda has a function's code, and Python's own
_STANDARD = f"/var/lang/lib/python3.{sys.version_info.minor}"
_RENDEZVOUS = "RENDEZVOUS_ENDPOINT"  # of the functions whose card says rendezvous
_INHERITED = ("LD_LIBRARY_PATH",)  # what Python itself may need to start

# Arguments: tmpfs size, folder to build /tmp in, task folder, number of folders to keep, those folders, the command.
# What must stay visible below /tmp (a checkout there, say) is mounted into the new one before that covers the old.
_ENTER = """
set -e
size=$1 box=$2 task=$3 keep=$4
shift 4
mount -t tmpfs -o "size=$size,mode=1777" tmpfs "$box"
mount --bind "$task" "$task"
mount -o remount,bind,ro "$task"
while [ "$keep" -gt 0 ]; do
    mkdir -p "$box/${1#/tmp/}"
    mount --rbind "$1" "$box/${1#/tmp/}"
    keep=$((keep - 1))
    shift
done
mount --rbind "$box" /tmp
cd "$task"
exec "$@"
"""


@dataclass(frozen=True)
class _Interpreter:
    """What runs workers: its command, the runtime's modules for it, and where it lies."""

    command: str
    runtime: Path
    prefixes: tuple[Path, ...]


@dataclass(frozen=True)
class Room:
    """Where one worker lives.

    Attributes:
        task: The unpacked code.
        opt: The unpacked layers, if any.
        tmp: The folder TMPDIR names: /tmp itself, or a folder of the worker's own.
        libraries: What the code names in the place of libraries, if it does.
        names: Folders, each with its name on Lambda.
    """

    task: Path
    opt: Path | None
    tmp: Path
    libraries: Path | None
    names: tuple[tuple[str, str], ...] = ()

    def on_lambda(self, text: str) -> str:
        """Return *text*, a log line or an error of the worker's, with its paths as they are on Lambda."""
        for here, there in self.names:
            text = text.replace(here, there)
        return text


class Sandbox:
    """Makes commands and environments for workers.

    Args:
        folder: A folder of our own.
        private_mounts: Use mount namespaces; None finds out whether they work.
        rendezvous: Returns host:port of the cloud's own rendezvous, which takes the place of the one that a function
            was deployed with: its ranks run here, so they meet here.
        find: Finds the machine's interpreter for a runtime that is not of this one.

    Attributes:
        private_mounts: Workers have their own /tmp and read-only code; if not, only what the module says.
    """

    def __init__(
        self,
        folder: Path,
        *,
        private_mounts: bool | None = None,
        rendezvous: Callable[[], str] | None = None,
        find: Callable[[str], Python | str] = find_python,
    ) -> None:
        self._rendezvous = rendezvous
        self._find = find
        self._folder = folder
        self._box = folder / "box"
        self._box.mkdir()
        self._tmp = folder / "tmp"
        self._tmp.mkdir()
        self._libraries = Libraries(folder / "libraries")
        own = str(self._libraries.programs / "python")
        self._own = _Interpreter(own, self._libraries.runtime, (Path(sys.prefix), Path(sys.base_prefix)))
        self._others: dict[str, _Interpreter] = {}
        self._asking = threading.Lock()
        self.private_mounts = mounts_work(folder) if private_mounts is None else private_mounts

    def room(self, task: Path, opt: Path | None, name: str) -> Room:
        """Return a room for the worker *name*."""
        libraries = self._libraries.of(task)
        standard = sysconfig.get_path("stdlib")
        packages = f"{_STANDARD}/site-packages"
        folders = {task: _TASK, opt: "/opt", libraries: packages, self._libraries.runtime: "/var/runtime"}
        names = (*((str(here), there) for here, there in folders.items() if here), (standard, _STANDARD))
        if self.private_mounts:
            return Room(task, opt, Path("/tmp"), libraries, names)  # noqa: S108  the worker's own
        tmp = self._tmp / name
        tmp.mkdir()
        return Room(task, opt, tmp, libraries, names)

    def leave(self, room: Room) -> None:
        """Remove what the worker left behind."""
        if not self.private_mounts:
            shutil.rmtree(room.tmp, ignore_errors=True)

    def command(self, spec: FunctionSpec, room: Room) -> list[str]:
        """Return the worker's command line."""
        by = self._interpreter(spec, room.libraries)
        python = [by.command, "-m", "awslambdaric", spec.handler]
        if not self.private_mounts:
            return python
        kept = (room.task, room.opt, self._folder, *by.prefixes)
        return _enter(self._box, room.task, kept, f"{spec.ephemeral_mb}m", python)

    def environment(  # noqa: PLR0913  what an environment is made of
        self, spec: FunctionSpec, room: Room, *, api: str, stream: str, endpoint: str, key: AccessKey
    ) -> dict[str, str]:
        """Return the worker's whole environment; nothing else reaches it.

        Args:
            spec: The function.
            room: Where the worker lives.
            api: host:port of its Runtime API.
            stream: Its log stream.
            endpoint: The embedded cloud's URL.
            key: Temporary credentials of its role.
        """
        own = dict(spec.environment)
        if self._rendezvous and _RENDEZVOUS in own:
            own[_RENDEZVOUS] = self._rendezvous()
        libraries, runtime = self._libraries, self._interpreter(spec, room.libraries).runtime
        layers = room.opt / "python" if room.opt else None
        paths = [libraries.site, own.get("PYTHONPATH"), layers, room.libraries, runtime]
        own["PYTHONPATH"] = os.pathsep.join(str(path) for path in paths if path)
        programs = [libraries.programs, search_path(), room.opt / "bin" if room.opt else None]
        own.setdefault("PATH", os.pathsep.join(str(path) for path in programs if path))
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        defaults = {
            "AWS_ENDPOINT_URL": endpoint,
            "HOME": str(room.tmp),
            "LANG": "C.UTF-8",
            "PYTHONFAULTHANDLER": "1",  # what dies of a signal says where: AWS only that it died
            "TMPDIR": str(room.tmp),
            "TZ": ":UTC",
        }
        return inherited | defaults | own | _reserved(spec, room, api, stream, runtime, key)

    def runs_elsewhere(self, spec: FunctionSpec, task: Path) -> str:
        """Return what is to be said of a function, its code in *task*, whose runtime is not this Python's; else ""."""
        if spec.image is not None:
            return ""
        return other_python(spec.runtime, packaged=self._libraries.of(task) is None, find=self._find)

    def _interpreter(self, spec: FunctionSpec, libraries: Path | None) -> _Interpreter:
        """Return what runs *spec*: its runtime's own Python if there is one and its libraries are not this Python's."""
        if libraries is not None or spec.image is not None or spec.runtime == MACHINE:
            return self._own
        with self._asking:
            if spec.runtime not in self._others:
                self._others[spec.runtime] = self._other(spec.runtime)
            return self._others[spec.runtime]

    def _other(self, runtime: str) -> _Interpreter:
        found = self._find(runtime)
        if isinstance(found, str):
            return self._own
        modules = {**_own_modules(), **found.modules}
        places = {Path(found.command).parent, *found.prefixes, *(source.parent for source in modules.values())}
        return _Interpreter(found.command, _link(self._folder / runtime, modules.values()), tuple(places))


def _reserved(  # noqa: PLR0913, PLR0917  what Lambda tells
    spec: FunctionSpec, room: Room, api: str, stream: str, runtime: Path, key: AccessKey
) -> dict[str, str]:
    """Return the variables that Lambda sets and a function cannot."""
    return {
        "AWS_ACCESS_KEY_ID": key.id,
        "AWS_DEFAULT_REGION": spec.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{spec.runtime}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory_mb),
        "AWS_LAMBDA_FUNCTION_NAME": spec.name,
        "AWS_LAMBDA_FUNCTION_VERSION": spec.version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": spec.group,
        "AWS_LAMBDA_LOG_STREAM_NAME": stream,
        "AWS_LAMBDA_RUNTIME_API": api,
        "AWS_REGION": spec.region,
        "AWS_SECRET_ACCESS_KEY": key.secret,
        "AWS_SESSION_TOKEN": key.token,
        "LAMBDA_RUNTIME_DIR": str(runtime),
        "LAMBDA_TASK_ROOT": str(room.task),
        "_HANDLER": spec.handler,
    }


def mounts_work(folder: Path) -> bool:
    """Try whether this machine gives us private mounts; *folder* must exist and gets its own back unchanged."""
    if not all(map(shutil.which, ("unshare", "mount", "sh"))):
        return False
    probe = Path(tempfile.mkdtemp(prefix="probe-", dir=folder))
    task, box = probe / "task", probe / "box"
    task.mkdir()
    box.mkdir()
    name = f"lanes-{probe.name}"
    test = f"touch /tmp/{name} && ! touch {task}/x 2>/dev/null"
    try:
        command = _enter(box, task, (task,), "1m", ["sh", "-c", test])
        done = subprocess.run(command, capture_output=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return False
    finally:
        shutil.rmtree(probe)
    return done.returncode == 0 and not Path("/tmp", name).exists()  # noqa: S108  what must not be there


def _enter(box: Path, task: Path, kept: Iterable[Path | None], size: str, command: list[str]) -> list[str]:
    """Return *command* wrapped so that it runs with a /tmp of its own, built in *box*, and a read-only *task*."""
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    keep = sorted({str(path) for path in kept if path and str(path).startswith("/tmp/")})  # noqa: S108  what /tmp hides
    arguments = [size, str(box), str(task), str(len(keep)), *keep]
    unshare = ["unshare", *user, "--mount", "--propagation", "private", "--"]
    return [*unshare, "sh", "-c", _ENTER, "sh", *arguments, *command]


def _own_modules() -> dict[str, Path]:
    """Return where this environment has the runtime's own modules."""
    found = {}
    for name in RUNTIME_MODULES:
        spec = find_spec(name)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(name)
        found[name] = module_path(spec.origin)
    return found


def _link(folder: Path, modules: Iterable[Path]) -> Path:
    """Make *folder*, which holds those *modules* and nothing else."""
    folder.mkdir()
    for source in modules:
        (folder / source.name).symlink_to(source)
    return folder
