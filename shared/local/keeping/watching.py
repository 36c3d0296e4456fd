"""Seams that tell which of moto's tables, and which of their many entries, a change asks for.

A change reaches a table by way of moto's dictionaries of backends, and an entry by way of its collection. Whatever it
asks for counts as changed; the journal finds out what really is. Also here: where moto, or a client of this cloud in
this process, waits in the middle of a change.
"""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING, Any

import requests
from botocore.httpsession import URLLib3Session
from moto.core.base_backend import AccountSpecificBackend
from moto.s3.models import _VersionedKeyStore
from moto.sqs.models import Queue

from shared.local import dynamodb
from shared.local.seams import Seam, plugged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.local.changing import Changes
    from shared.local.keeping.shelves import Notes


@contextlib.contextmanager
def watched(changes: Changes, notes: Notes) -> Iterator[None]:
    """Tell *changes* and *notes* what is asked for, while the block lasts."""
    key = functools.partial(_noting_key, changes, notes)
    waiting = functools.partial(_waiting, changes)
    seams = (
        Seam(AccountSpecificBackend, "__getitem__", functools.partial(_touching, changes)),
        *(Seam(_VersionedKeyStore, name, key) for name in ("__sgetitem__", "__setitem__", "setlist", "pop")),
        Seam(Queue, "wait_for_messages", waiting),
        Seam(URLLib3Session, "send", waiting),
        Seam(requests.Session, "send", waiting),
    )
    with dynamodb.watch(lambda table, key, _: notes.add(table, key)), plugged(seams):
        yield


def _touching(changes: Changes, original: Callable[..., object]) -> Callable[..., object]:
    def getitem(self: Any, region: str) -> object:
        backend = original(self, region)
        changes.touch(backend)
        return backend

    return getitem


def _waiting(changes: Changes, original: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(original)
    def wait(*args: object, **named: object) -> object:
        with changes.apart():
            return original(*args, **named)

    return wait


def _noting_key(changes: Changes, notes: Notes, original: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(original)
    def ask(self: Any, key: str, *args: object) -> object:
        if changes.inside:
            notes.add(self, key)
        return original(self, key, *args)

    return ask
