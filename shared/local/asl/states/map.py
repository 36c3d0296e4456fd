"""Map: its processor once for each item, inline or as a distributed run of child executions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.local.asl.errors import RuntimeFailure
from shared.local.asl.integrations.mocked import answered
from shared.local.asl.maps.distributed import Distributed
from shared.local.asl.maps.fields import MapFields
from shared.local.asl.maps.inline import run_inline
from shared.local.asl.number_fields import number_field
from shared.local.asl.retry import RecoveringState

if TYPE_CHECKING:
    from shared.local.asl.effects import Steps
    from shared.local.asl.maps.fields import Processor
    from shared.local.asl.reading import Spec
    from shared.local.asl.state import Outcome
    from shared.local.asl.strand import Strand
    from shared.values import Json


class Map(RecoveringState):
    """Runs its processor for each item.

    Args:
        name: Its name in the machine.
        spec: Its definition, found valid.
        processor: The machine that is run for each item.
        jsonata: Whether its query language is JSONata.
    """

    failed = "MapStateFailed"
    # Parameters is the old name of ItemSelector: it is applied to each item, not to the input.
    parameters = ""

    def __init__(self, name: str, spec: Spec, processor: Processor, *, jsonata: bool) -> None:
        super().__init__(name, spec, jsonata=jsonata)
        self.fields = MapFields(name, spec, processor, jsonata=jsonata)
        self.concurrency = number_field(spec, "MaxConcurrency", jsonata=jsonata, integer=True)
        self.distributed = Distributed(self.fields) if self.fields.distributed else None

    def attempt(self, strand: Strand, value: Json) -> Steps[Outcome]:
        """Map over the items."""
        effective = self.flow.read(strand, value)
        concurrency = self.concurrency(strand, effective) or 0
        if concurrency < 0:
            raise RuntimeFailure("MaxConcurrency cannot be negative.")
        if self.ask is not None:
            self.check_items(strand, effective)
        if self.distributed is not None:
            work = self.distributed.run(strand, effective, concurrency)
        else:
            work = run_inline(self.fields, strand, effective, concurrency)
        return self.leave(strand, value, (yield from answered(strand, effective, self.ask, work)))

    def check_items(self, strand: Strand, effective: Json) -> None:
        """Check that what it maps over are items, which AWS does for a Map that is mocked as well.

        Raises:
            StateFailure: They are none. Those of a reader are not read.
        """
        if self.distributed is None or self.distributed.reader is None:
            self.fields.items(strand, effective)
