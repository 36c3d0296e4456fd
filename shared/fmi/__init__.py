"""Message passing between functions (MPI's collectives), and the rendezvous where they meet. In the Lambda zip.

A rank of a program that is started once for each rank::

    import os, numpy
    from shared.fmi import SUM, Communicator, Meeting, Namespace
    rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    where, whose = Meeting.parse(os.environ["RENDEZVOUS_ENDPOINT"]), Namespace(run=os.environ["RUN_ID"])
    with Communicator.direct(rank, size, where, whose, timeout=30) as comm:
        print(rank, comm.allreduce(numpy.full(3, rank), SUM))

Two ranks print ``0 [1 1 1]`` and ``1 [1 1 1]``. A rank whose peer dies gets a :class:`PeerLost` that names it.

``__all__`` is the public surface: these names stay where they are. Everything below them may move. ``Communicator`` is
what a rank calls. ``Meeting`` says where ranks meet, ``Namespace`` whose they are. ``DirectChannel`` (TCP) and
``StoreChannel`` over an ``S3Store`` or a ``RedisStore`` carry bytes; where several are open, a ``Policy`` chooses.
``check`` tells whether a rendezvous server can pair ranks now.

Scripts written for FMI's C++ bindings say ``import fmi``. They get the package ``fmi`` of ``shared.fmi.compat``, which
has the bindings' own names over the same communicator.

Names are loaded at their first use (PEP 562). ``Communicator`` brings numpy, 0.1 s, which a function that only
checks the rendezvous should not pay at its cold start. The S3 and Redis clients come when a channel is opened.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.fmi.channels.direct import DirectChannel
    from shared.fmi.channels.redis import RedisStore
    from shared.fmi.channels.s3 import S3Store
    from shared.fmi.channels.store import StoreChannel
    from shared.fmi.communicator import Communicator
    from shared.fmi.errors import Duplicate, FmiError, PairingFailed, PeerLost, PeerMismatch, RendezvousUnavailable
    from shared.fmi.operators import MAX, MIN, PROD, SUM, Op, custom
    from shared.fmi.policy import DirectModel, Hint, Policy, RedisModel, S3Model
    from shared.fmi.rendezvous.client import Meeting
    from shared.fmi.rendezvous.health import check
    from shared.fmi.rendezvous.keys import Namespace
    from shared.fmi.rendezvous.verdict import Verdict

__all__ = [
    "MAX",
    "MIN",
    "PROD",
    "SUM",
    "Communicator",
    "DirectChannel",
    "DirectModel",
    "Duplicate",
    "FmiError",
    "Hint",
    "Meeting",
    "Namespace",
    "Op",
    "PairingFailed",
    "PeerLost",
    "PeerMismatch",
    "Policy",
    "RedisModel",
    "RedisStore",
    "RendezvousUnavailable",
    "S3Model",
    "S3Store",
    "StoreChannel",
    "Verdict",
    "check",
    "custom",
]

_HOMES = {
    "channels.direct": ("DirectChannel",),
    "channels.redis": ("RedisStore",),
    "channels.s3": ("S3Store",),
    "channels.store": ("StoreChannel",),
    "communicator": ("Communicator",),
    "errors": ("Duplicate", "FmiError", "PairingFailed", "PeerLost", "PeerMismatch", "RendezvousUnavailable"),
    "operators": ("MAX", "MIN", "PROD", "SUM", "Op", "custom"),
    "policy": ("DirectModel", "Hint", "Policy", "RedisModel", "S3Model"),
    "rendezvous.client": ("Meeting",),
    "rendezvous.health": ("check",),
    "rendezvous.keys": ("Namespace",),
    "rendezvous.verdict": ("Verdict",),
}
_HOME_OF = {name: f"{__name__}.{module}" for module, names in _HOMES.items() for name in names}


if not TYPE_CHECKING:  # a type checker would take every misspelt name for one that is loaded here

    def __getattr__(name: str) -> object:
        """Load a public *name* when it is first asked for, and keep it."""
        if name not in _HOME_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = getattr(import_module(_HOME_OF[name]), name)
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
