"""Opens an address that holds a secret in the user's browser."""

from __future__ import annotations

import contextlib
import os
import webbrowser
from threading import Thread
from typing import TYPE_CHECKING

from shared.cli import console
from shared.local.state import private_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LEAD_ON = (
    '<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url={address}"><title>lanes</title>'
)


@contextlib.contextmanager
def in_browser(address: str, path: Path) -> Iterator[None]:
    """Open *address* in a browser, unless there is none, or only one for terminals, which would take ours over.

    Other users see the command line that a browser is started with. So it gets the file *path*, which leads on to the
    address and which only we may read; it is removed at the end.

    Raises:
        LanesError: The folder of *path* is another user's.
    """
    browser = _found()
    if browser is None:
        console.note("no browser was found here: open the address by yourself")
        yield
        return
    private_folder(path.parent)
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(_LEAD_ON.format(address=address))
        Thread(target=browser.open, args=(path.resolve().as_uri(),), name="browser", daemon=True).start()
        yield
    finally:
        path.unlink(missing_ok=True)


def _found() -> webbrowser.BaseBrowser | None:
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return None
    for_terminals = type(browser) is webbrowser.GenericBrowser and not os.environ.get("BROWSER")
    return None if for_terminals else browser
