"""Words an error for the user: what happened, where, and what to do. A fault of ours leaves its traceback in a file."""

from __future__ import annotations

import errno
import os
import tempfile
import traceback
from pathlib import Path

from shared.disks import disk_error

# Errors that are no fault of this program, and what helps. Those of a full disk are shared.disks'.
_LIMITS = "end other programs, or raise the limit (ulimit -n, ulimit -u)"
_THERE = "check that it exists, and that it is the file or folder that its name says"
_FIXES = {
    **dict.fromkeys((errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN), _LIMITS),
    **dict.fromkeys((errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP), _THERE),
}


def told(error: BaseException) -> str:
    """Return the message for an *error* outside our tree: the machine's, AWS's, or a fault in this program."""
    if of_a_disk := disk_error(error, _written_to()):
        return str(of_a_disk)
    if isinstance(error, OSError) and error.errno in _FIXES:
        where = error.filename or "a file"  # an error of a write does not name the file
        return f"{where}: {error.strerror}\n  fix: {_FIXES[error.errno]}"
    if type(error).__module__.startswith(("boto3", "botocore")):
        return f"AWS: {error}{_who_may(error)}"
    what = f"{type(error).__name__}: {error}".rstrip(": ")
    return f"this is a fault in lanes itself: {what}\n  fix: {_kept(error)}"


def _written_to() -> list[Path | str]:
    """Return the folders that commands write to, nearest first."""
    here = Path.cwd()
    projects = [folder for folder in (here, *here.parents) if (folder / "naming.yaml").is_file()]
    return [*(folder / ".lanes" for folder in projects[:1]), here, tempfile.gettempdir(), Path.home(), "/dev/shm"]  # noqa: S108


def _who_may(error: BaseException) -> str:
    """Return the fix for an *error* with which AWS refuses these credentials; "" for others."""
    from shared.deploy.caller import WHO_MAY, is_denial

    return f"\n  fix: use credentials that may: {WHO_MAY}" if isinstance(error, Exception) and is_denial(error) else ""


def _kept(error: BaseException) -> str:
    """Write the traceback of *error* to a file that only its owner can read, and return what to do with it."""
    lines = traceback.format_exception(error)
    try:
        number, path = tempfile.mkstemp(prefix="lanes-fault-", suffix=".txt")
        with os.fdopen(number, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.writelines(lines)
    except OSError as full:
        return f"free space ({full.strerror}) and try again: where it happened could not be written down"
    return f"report it with the command that you ran, and with {path}, which says where it happened"
