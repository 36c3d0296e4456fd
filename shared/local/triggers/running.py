"""All triggers of a cloud: one pool of threads, the clock, the firings and the pollers."""

from __future__ import annotations

import contextlib
import random
from typing import TYPE_CHECKING

from shared.local.asl.scheduler import ThreadScheduler
from shared.local.ledger import NoLedger
from shared.local.triggers import bucket_events, machine_events, rules, schedules
from shared.local.triggers.buses import Buses
from shared.local.triggers.clock import Clock, Hastened
from shared.local.triggers.firing import Firings
from shared.local.triggers.mappings import Mappings
from shared.local.triggers.poller import MOST_AT_ONCE
from shared.local.triggers.rule_targets import RuleTargets
from shared.local.triggers.targets import Targets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from shared.local.asl.engine import InvokeLambda
    from shared.local.asl.execution import Execution
    from shared.local.asl.scheduler import Scheduler
    from shared.local.asl.services import Services
    from shared.local.enforcement.gate import Gate
    from shared.local.ledger import Ledger
    from shared.local.triggers.timetable import Schedule

_FIRINGS_AT_ONCE = 16


class Triggers:
    """The triggers of one cloud.

    Args:
        invoke: Calls a function, by its ARN, and waits.
        services: Makes the clients of roles.
        gate: Decides for callers in this process.
        speed: How many times the clock of schedules is faster than this machine's.
        scheduler: Gives time and threads; a pool of its own, unless a test has another.
        ledger: Returns what notes things of a kind that are not done.
    """

    def __init__(  # noqa: PLR0913  what they need of the rest of the cloud
        self,
        invoke: InvokeLambda,
        services: Services,
        gate: Gate,
        *,
        speed: float = 1.0,
        scheduler: Scheduler | None = None,
        ledger: Callable[[str], Ledger] = lambda _: NoLedger(),
    ) -> None:
        self._gate = gate
        self._scheduler = scheduler or ThreadScheduler(MOST_AT_ONCE + _FIRINGS_AT_ONCE)
        clock = Hastened(self._scheduler, speed) if speed != 1 else self._scheduler
        chance = random.SystemRandom()
        targets, of_rules = Targets(services.client, gate.assumes), RuleTargets(gate, lambda: self._buses)
        self._firings = Firings(clock, targets.call, targets.bury, chance, ledger("firings"))
        self._events = Firings(clock, of_rules.call, of_rules.bury, chance, ledger("rule events"))
        self._now = clock.now
        self._buses = Buses(self._events, clock.now)
        self._clock = Clock(clock, _timetables, self._fire, schedules.delete, speed=speed, ledger=ledger("clock"))
        self._mappings = Mappings(self._scheduler, invoke, gate, services.client, ledger("streams"))

    @contextlib.contextmanager
    def install(self) -> Iterator[None]:
        """Take moto's place while the block lasts; afterwards no thread is left."""
        with (
            bucket_events.install(self._gate, self._buses),
            rules.install(self._buses, self._clock.wake, self._now),
            schedules.install(self._clock.wake),
            self._mappings.install(),
            contextlib.closing(self._scheduler),
        ):
            yield

    def announce(self, execution: Execution) -> None:
        """Tell EventBridge of the status that *execution* has now. This does not wait."""
        if machine_events.is_told(execution) and self._buses.hear(execution.arn):
            news = machine_events.news(execution)
            self._scheduler.block(lambda: self._buses.announce(news), execution.arn)

    def _fire(self, schedule: Schedule, time: datetime) -> None:
        if schedule.group:
            self._firings.fire(schedule, time)
        else:
            self._buses.tick(schedule, time)

    def stop(self) -> None:
        """Begin nothing more, before what is called ends."""
        self._mappings.stop()

    def go_on(self) -> None:
        """Go on where an earlier cloud ended. moto's tables are as they were then."""
        self._clock.go_on()
        self._firings.go_on()
        self._events.go_on()
        self._clock.wake()
        self._mappings.streams.go_on()
        self._mappings.wake()


def _timetables() -> list[Schedule]:
    """Return what fires by the clock: schedules of EventBridge Scheduler, and rules, which are in no group."""
    return schedules.all_schedules() + rules.timetables()
