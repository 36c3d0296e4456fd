"""Stands before each call to AWS that a handler makes in this process, whatever client of botocore makes it.

Without leave to write, a call that may change anything is refused, by the access level that AWS's catalogue gives its
actions. Where the cloud does not ask the function's rights itself, they are asked here, and a call that they do not
allow is answered as AWS answers it.
"""

from __future__ import annotations

import functools
import inspect
import multiprocessing.util
import os
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import boto3
from botocore import handlers
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from shared.errors import LanesError
from shared.iam.catalogue import load_catalogue
from shared.local.calls import Call, CallNotReadError, Need, needs
from shared.local.seams import Seam, plugged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import FrameType

    from botocore.model import OperationModel
    from botocore.signers import RequestSigner

    Rights = Callable[[Call, Sequence[Need]], "Denied | None"]
    """Returns why AWS would not allow a call, which needs all of what is given."""
    Answer = tuple[AWSResponse, dict[str, Any]] | None

_READING = frozenset({"List", "Read"})
# It hides what it gives from all others, and counts: after some receives a message goes to the dead letters.
_CHANGING = frozenset({"sqs:ReceiveMessage"})
_PARAMETERS = "teamlanes.parameters"
_DENIED = "teamlanes.denied"
_FORBIDDEN, _MISSING = 403, 404
_OBJECT_READS = frozenset({"GetObject", "GetObjectAttributes", "GetObjectTagging", "HeadObject"})
# Programs that Python's own library asks about this machine (ctypes.util, platform): they call no cloud.
_OF_PYTHON = frozenset({"cc", "gcc", "ld", "ldconfig", "objdump", "uname"})
_STARTS = frozenset({"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn"})
_TRACKER = "multiprocessing.resource_tracker"  # Python's own, which counts semaphores


class WriteRefusedError(LanesError):
    """A call that may change something was not made."""


@dataclass(frozen=True, slots=True)
class Denied:
    """What AWS answers to a call that is not allowed: its code, and its sentence."""

    code: str
    message: str


class Guard:
    """Looks at each call. As long as :meth:`standing` lasts, all new sessions of botocore ask it.

    Args:
        account: Where the calls go.
        folders: Where the user's own code lies: its lines are named.
        write: Whether calls may change something.
        rights: Returns why AWS would not allow a call; None where the cloud itself asks.

    Attributes:
        refused: A line for each call that was not made.
    """

    def __init__(self, account: str, folders: Sequence[Path], *, write: bool, rights: Rights | None = None) -> None:
        self._account = account
        self._folders = tuple(f"{folder}/" for folder in folders)
        self._write = write
        self._rights = rights
        self.refused: list[str] = []

    @contextmanager
    def standing(self) -> Iterator[None]:
        """Stand before the calls of sessions that are made inside of the block."""
        seams = [
            ("before-parameter-build", self._keep),
            ("before-call", self._look),
            ("after-call", self._answered),
        ]
        before = boto3.DEFAULT_SESSION
        handlers.BUILTIN_HANDLERS.extend(seams)
        boto3.DEFAULT_SESSION = None
        _watch_programs()
        _STANDING.append(self)
        try:
            with plugged([Seam(multiprocessing.util, "spawnv_passfds", self._spawning)]):
                yield
        finally:
            _STANDING.remove(self)
            boto3.DEFAULT_SESSION = before
            for seam in seams:
                handlers.BUILTIN_HANDLERS.remove(seam)

    def _keep(self, params: Mapping[str, Any], model: OperationModel, context: dict[str, Any], **_: object) -> None:
        """Keep the parameters of a call for when it is made; of a presigned URL, that is not here."""
        context[_PARAMETERS] = params
        if context.get("is_presign_request"):
            call = _call(params, model, str(context.get("client_region", "")))
            self._check_write(call, self._needs(call))

    def _look(
        self, model: OperationModel, request_signer: RequestSigner, context: dict[str, Any], **_: object
    ) -> Answer:
        """Refuse a call, or answer it in AWS's place, or let it through: None."""
        call = _call(context.get(_PARAMETERS, {}), model, request_signer.region_name)
        needed = self._needs(call)
        self._check_write(call, needed)
        denied = self._rights(call, needed) if self._rights else None
        if denied is None:
            return None
        self.refused.append(f"{call}{self._at()}: {denied.code}")
        context[_DENIED] = True
        answer = AWSResponse("", _FORBIDDEN, HTTPHeaders(), None)
        told = {"Code": denied.code, "Message": denied.message}
        return answer, {"Error": told, "ResponseMetadata": {"HTTPStatusCode": _FORBIDDEN, "HTTPHeaders": {}}}

    def _answered(
        self, http_response: AWSResponse, parsed: dict[str, Any], model: OperationModel, context: Any, **_: object
    ) -> None:
        """Mend an answer that was given to the user's own rights, which the function does not have.

        Who may not list a bucket does not hear that an object is missing (Amazon S3 API Reference, GetObject,
        "Permissions"; read 2026-11-29).
        """
        if self._rights is None or http_response.status_code < _FORBIDDEN or context.get(_DENIED):
            return
        call = _call(context.get(_PARAMETERS, {}), model, "")
        code = parsed.get("Error", {}).get("Code", "")
        if http_response.status_code == _FORBIDDEN:
            self.refused.append(f"{call}{self._at()}: {code}, to your own credentials; the function's role may do it")
        if call.operation in _OBJECT_READS and http_response.status_code == _MISSING and code != "NoSuchBucket":
            listing = Need("s3:ListBucket", f"arn:aws:s3:::{call.parameters.get('Bucket')!s}")
            if denied := self._rights(call, (listing,)):
                parsed["Error"] = {"Code": denied.code, "Message": denied.message}
                parsed["ResponseMetadata"]["HTTPStatusCode"] = _FORBIDDEN

    def _needs(self, call: Call) -> tuple[Need, ...]:
        """Return what *call* needs; of an operation without a known action, something that nobody can tell."""
        try:
            return needs(call, self._account)
        except CallNotReadError:
            return (Need(str(call), None),)

    def _check_write(self, call: Call, needed: Sequence[Need]) -> None:
        """Refuse a call that may change something.

        Raises:
            WriteRefusedError: It may.
        """
        changing = [] if self._write else [each for each in needed if _changes(each.action)]
        if changing:
            on = f" on {changing[0].resource}" if changing[0].resource else ""
            known = load_catalogue().expand(changing[0].action)
            self._refuse(f"{call}{on}", "it writes" if known else "nobody can tell whether it writes")

    def _refuse(self, what: str, why: str) -> None:
        at = self._at()
        self.refused.append(f"{what}{at}: {why}")
        raise WriteRefusedError(
            f"{what} was not done: {why}, and here nothing is written",
            where=at.removeprefix(" at ") or None,
            fix="--write lets the handler change what the run's cloud holds",
        )

    def check_program(self, program: str) -> None:
        """Refuse a program as a call that writes: nobody sees what it calls.

        Raises:
            WriteRefusedError: It is not one that Python itself asks about the machine.
        """
        if not self._write and PurePath(program).name not in _OF_PYTHON:
            self._refuse(f"the program {program}", "nobody sees what it calls")

    def _spawning(self, original: Callable[..., int]) -> Callable[..., int]:
        """Wrap what multiprocessing starts a new Python with: no guard stands in that one. A fork has this one's."""

        @functools.wraps(original)
        def spawn(path: str | bytes, args: Sequence[Any], passed: Sequence[int]) -> int:
            if not any(_TRACKER in str(each) for each in args):
                self.check_program(os.fsdecode(path))
            return original(path, args, passed)

        return spawn

    def _at(self) -> str:
        """Return `` at FILE:LINE``, the user's own line that is being run; empty where none is."""
        found = self._own(inspect.currentframe())
        if found is None:  # a thread of a library's, which the main one waits for
            found = self._own(sys._current_frames().get(threading.main_thread().ident or 0))  # noqa: SLF001
        return f" at {found}" if found else ""

    def _own(self, frame: FrameType | None) -> str | None:
        while frame is not None:
            file = frame.f_code.co_filename
            if file.startswith(self._folders):
                return f"{file}:{frame.f_lineno}"
            frame = frame.f_back
        return None


_STANDING: list[Guard] = []


@cache
def _watch_programs() -> None:
    """Have the guards that stand look at the programs that this process starts; Python keeps such a hook to its end."""
    sys.addaudithook(_audit)


def _audit(event: str, given: tuple[Any, ...]) -> None:
    if event in _STARTS:
        for guard in _STANDING:
            guard.check_program(str(_program(given) if event == "subprocess.Popen" else given[0]))


def _call(params: Mapping[str, Any], model: OperationModel, region: str) -> Call:
    return Call(model.service_model.service_name, model.name, params, region)


def _program(given: tuple[Any, ...]) -> object:
    """Return the program that subprocess was given: an executable, or the first word of its arguments."""
    executable, words, *_ = given
    return executable or (words if isinstance(words, str | bytes) else words[0])


def _changes(action: str) -> bool:
    if action in _CHANGING:
        return True
    known = load_catalogue().expand(action)
    return not known or any(each.level not in _READING for each in known)
