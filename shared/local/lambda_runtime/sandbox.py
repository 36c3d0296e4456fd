"""What a worker sees: its environment, its own /tmp, and code that it cannot write to.

If the kernel gives mount namespaces (to root, or to anybody where user namespaces are open), a worker's /tmp is a tmpfs
of the size of the function's ephemeral storage, which goes with the process. Its code is mounted read-only. So a full
/tmp and a write to the code fail as on AWS. Files in that /tmp take the machine's memory, not the function's.

Otherwise /tmp is the machine's. Then only TMPDIR (and so ``tempfile``) is private, no file may be larger than the
ephemeral storage, and the code is read-only by its mode, which root ignores. :attr:`Sandbox.private_mounts` tells which
of the two it is.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import threading
import weakref
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from shared.config.runtimes import MACHINE, RUNTIME_MODULES
from shared.local.lambda_runtime.libraries import Libraries, search_path
from shared.local.pythons import Python, find_python, module_path, other_python

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shared.aws.access_key import AccessKey
    from shared.local.door.sessions import Issuer
    from shared.local.lambda_runtime.function import FunctionSpec

_TMP = "/tmp"  # noqa: S108  Lambda's own name for it, which a worker's private one has too
_TASK = "/var/task"  # where Lambda has a function's code
_STANDARD = f"/var/lang/lib/python3.{sys.version_info.minor}"
_RENDEZVOUS = "RENDEZVOUS_ENDPOINT"  # a variable of functions whose card says rendezvous
_INHERITED = ("LD_LIBRARY_PATH",)  # what Python itself may need to start

# Arguments: the size of the tmpfs, the folder to build /tmp in, the task folder, the number of folders to keep, those
# folders, the command. Folders below /tmp that must stay visible (such as a checkout) are mounted into the new /tmp
# before that covers the old one.
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
    """A Python for workers: its command, the folder of the runtime's modules for it, and its own folders."""

    command: str
    runtime: Path
    prefixes: tuple[Path, ...]


@dataclass(frozen=True)
class CloudAround:
    """The cloud that workers call.

    Attributes:
        endpoint: Returns its URL.
        issuer: Makes the credentials of functions' roles.
        rendezvous: Returns host:port of the cloud's own rendezvous, which replaces the one that a function was deployed
            with: its ranks run here, so they meet here.
    """

    endpoint: Callable[[], str]
    issuer: Issuer
    rendezvous: Callable[[], str] | None = None


@dataclass(frozen=True, eq=False)
class Room:
    """The folders of one worker, which has it for as long as it runs.

    Attributes:
        task: The unpacked code.
        opt: The unpacked layers, if any.
        tmp: The folder that TMPDIR names: /tmp itself, or the worker's own folder.
        names: Folders, each with its name on Lambda.
    """

    task: Path
    opt: Path | None
    tmp: Path
    names: tuple[tuple[str, str], ...] = ()

    def on_lambda(self, text: str) -> str:
        """Return *text*, a log line or an error of the worker, with its paths changed to those on Lambda."""
        for here, there in self.names:
            text = text.replace(here, there)
        return text


class Sandbox:
    """Makes commands and environments for workers.

    Args:
        folder: A folder for this sandbox alone.
        cloud: The cloud that the workers call.
        private_mounts: Whether to use mount namespaces; None finds out whether they work.
        find: Finds the machine's interpreter for another runtime than this one.

    Attributes:
        private_mounts: Whether workers have their own /tmp and read-only code.
        meeting: Where the ranks among the workers meet, ``host:port``; "" before there are any.
    """

    def __init__(
        self,
        folder: Path,
        cloud: CloudAround,
        *,
        private_mounts: bool | None = None,
        find: Callable[[str], Python | str] = find_python,
    ) -> None:
        self._cloud = cloud
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
        self._rooms: weakref.WeakSet[Room] = weakref.WeakSet()
        self._asking = threading.Lock()
        self.meeting = ""
        self.private_mounts = mounts_work(folder) if private_mounts is None else private_mounts

    def in_use(self) -> set[Path]:
        """Return the folders of code and layers that workers run in."""
        return {path for room in set(self._rooms) for path in (room.task, room.opt) if path is not None}

    def room(self, task: Path, opt: Path | None, name: str) -> Room:
        """Return a room for the worker *name*."""
        room = self._new_room(task, opt, name)
        self._rooms.add(room)
        return room

    def _new_room(self, task: Path, opt: Path | None, name: str) -> Room:
        standard = sysconfig.get_path("stdlib")
        folders = {task: _TASK, opt: "/opt", self._libraries.runtime: "/var/runtime"}
        names = (*((str(here), there) for here, there in folders.items() if here), (standard, _STANDARD))
        if self.private_mounts:
            return Room(task, opt, Path(_TMP), names)
        tmp = self._tmp / name
        tmp.mkdir()
        return Room(task, opt, tmp, names)

    def leave(self, room: Room) -> None:
        """Remove the files that the worker left."""
        if not self.private_mounts:
            shutil.rmtree(room.tmp, ignore_errors=True)

    def command(self, spec: FunctionSpec, room: Room) -> list[str]:
        """Return the worker's command line."""
        by = self._interpreter(spec)
        python = [by.command, "-m", "awslambdaric", spec.handler]
        if not self.private_mounts:
            return python
        kept = (room.task, room.opt, self._folder, *by.prefixes)
        return _enter(self._box, room.task, kept, f"{spec.ephemeral_mb}m", python)

    def environment(self, spec: FunctionSpec, room: Room, *, api: str, stream: str) -> dict[str, str]:
        """Return all variables of a worker, with new credentials of its role.

        Args:
            spec: The function.
            room: The worker's folders.
            api: host:port of its Runtime API.
            stream: Its log stream.
        """
        own = dict(spec.environment)
        if self._cloud.rendezvous and _RENDEZVOUS in own:
            own[_RENDEZVOUS] = self.meeting = self._cloud.rendezvous()
        libraries, runtime = self._libraries, self._interpreter(spec).runtime
        layers = room.opt / "python" if room.opt else None
        paths = [libraries.site, own.get("PYTHONPATH"), layers, runtime]
        own["PYTHONPATH"] = os.pathsep.join(str(path) for path in paths if path)
        programs = [libraries.programs, search_path(), room.opt / "bin" if room.opt else None]
        own.setdefault("PATH", os.pathsep.join(str(path) for path in programs if path))
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        defaults = {
            "AWS_ENDPOINT_URL": self._cloud.endpoint(),
            "HOME": str(room.tmp),
            "LANG": "C.UTF-8",
            "PYTHONFAULTHANDLER": "1",  # a worker that dies of a signal says where; AWS only says that it died
            "TMPDIR": str(room.tmp),
            "TZ": ":UTC",
        }
        key = self._cloud.issuer.of_role(spec.role, spec.name, function=spec.arn, environment=stream)
        reserved = {
            "AWS_LAMBDA_LOG_STREAM_NAME": stream,
            "AWS_LAMBDA_RUNTIME_API": api,
            "LAMBDA_RUNTIME_DIR": str(runtime),
        }
        return inherited | defaults | own | _reserved(spec, room) | _credentials(key) | reserved

    def runtime_here(self, spec: FunctionSpec) -> str:
        """Return the runtime whose Python runs *spec* on this machine: its own one, or this project's."""
        return MACHINE if self._interpreter(spec) is self._own else spec.runtime

    def runs_elsewhere(self, spec: FunctionSpec) -> str:
        """Return what to tell the user of a function whose runtime is not this Python."""
        if spec.image is not None:
            return ""
        return other_python(spec.runtime, find=self._find)

    def _interpreter(self, spec: FunctionSpec) -> _Interpreter:
        """Return the Python for *spec*: its runtime's, if there is one."""
        if spec.image is not None or spec.runtime == MACHINE:
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


def _reserved(spec: FunctionSpec, room: Room) -> dict[str, str]:
    """Return the variables by which Lambda describes a function, and which a function cannot change."""
    return {
        "AWS_DEFAULT_REGION": spec.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{spec.runtime}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory_mb),
        "AWS_LAMBDA_FUNCTION_NAME": spec.name,
        "AWS_LAMBDA_FUNCTION_VERSION": spec.version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_FORMAT": spec.log_format,
        "AWS_LAMBDA_LOG_GROUP_NAME": spec.group,
        "AWS_REGION": spec.region,
        "LAMBDA_TASK_ROOT": str(room.task),
        "_HANDLER": spec.handler,
    }


def _credentials(key: AccessKey) -> dict[str, str]:
    return {"AWS_ACCESS_KEY_ID": key.id, "AWS_SECRET_ACCESS_KEY": key.secret, "AWS_SESSION_TOKEN": key.token}


def mounts_work(folder: Path) -> bool:
    """Try whether this machine gives us private mounts. *folder* must exist; nothing is left in it."""
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
    return done.returncode == 0 and not Path(_TMP, name).exists()


def _enter(box: Path, task: Path, kept: Iterable[Path | None], size: str, command: list[str]) -> list[str]:
    """Return *command* wrapped so that it runs with a /tmp of its own, built in *box*, and a read-only *task*."""
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    keep = sorted({str(path) for path in kept if path and str(path).startswith(f"{_TMP}/")})
    arguments = [size, str(box), str(task), str(len(keep)), *keep]
    unshare = ["unshare", *user, "--mount", "--propagation", "private", "--"]
    return [*unshare, "sh", "-c", _ENTER, "sh", *arguments, *command]


def _own_modules() -> dict[str, Path]:
    """Return the folder or file of each of the runtime's modules in this environment."""
    found = {}
    for name in RUNTIME_MODULES:
        spec = find_spec(name)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(name)
        found[name] = module_path(spec.origin)
    return found


def _link(folder: Path, modules: Iterable[Path]) -> Path:
    """Make *folder* with links to *modules* and nothing else."""
    folder.mkdir()
    for source in modules:
        (folder / source.name).symlink_to(source)
    return folder
