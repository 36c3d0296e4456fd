"""What it takes that the ranks of a run meet over FMI before they begin: ``fmi_enabled`` of cosmic.

No rank begins before all are there. So each waits, and is billed, until Step Functions has started the last one, and
until the world has joined (:mod:`shared.fmi.worlds`). The runs that the model of time is fitted to did neither.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from shared.fmi.worlds import carried, join_seconds, pairings, server_cpu
from shared.measure.billing.cost import cost_of
from shared.measure.billing.usage import Usage
from shared.measure.scaling.time_model import dispatch_seconds

if TYPE_CHECKING:
    from shared.fmi.worlds import Server
    from shared.measure.scaling.time_model import Size
    from shared.values import Json


@dataclass(frozen=True, slots=True)
class Joining:
    """What joining adds to a run.

    Attributes:
        carried: How many the rendezvous carries; with more than these, the run is refused.
        pairings: How many pairs of ranks are connected.
        seconds: From the moment at which the last rank has come until all may begin.
        server_cpu: Seconds of CPU that it costs the server; None where nothing is known of it.
        server_share: Which part of ``seconds`` the server is busy, 0..1; None likewise.
        waited: Seconds for which a rank is billed while it waits, in the mean.
        usd: What that waiting costs.
    """

    carried: int
    pairings: int
    seconds: float
    server_cpu: float | None
    server_share: float | None
    waited: float
    usd: float

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        return asdict(self)


def joining(size: Size, server: Server | None) -> Joining:
    """Return what it takes that a world of *size* joins at *server*, which is None where nothing is known of it."""
    world = size.world_size
    seconds, pairs = join_seconds(world, server), pairings(world)
    cpu = server_cpu(pairs, many=server.many) if server else None
    waited = seconds + dispatch_seconds() * (world - 1) / 2
    usd = cost_of(Usage(lambda_gb_seconds=world * waited * size.memory_mb / 1024)).usd
    share = server.seconds(pairs) / seconds if server and seconds else None
    return Joining(carried(server), pairs, seconds, cpu, share, waited, usd)
