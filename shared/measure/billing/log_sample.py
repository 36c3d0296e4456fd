"""How much of functions' logs invocations wrote: counted in a sample of the lines, for to read all may take minutes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.errors import code_of
from shared.run.logs import LogReader

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shared.aws.client import Aws
    from shared.measure.observed.invocations import Row

MOST_LINES = 10_000
"""Lines of each log group that are read: what one call of FilterLogEvents gives at the most."""
_COLD_MS = 10_000  # Lambda's limit of an init phase: its first line may be so much older than what it reports


@dataclass(frozen=True, slots=True)
class LogSample:
    """The bytes of logs of the invocations whose every line was read, by their ids, and of the others on average.

    Attributes:
        counted: Bytes by request id.
        average: Bytes of an invocation, by log group.
    """

    counted: Mapping[str, int]
    average: Mapping[str, float]

    def of(self, rows: Sequence[Row]) -> float:
        """Return the bytes that the invocations in *rows* wrote. Of a group that was not read, none are known."""
        return sum(self.counted.get(row.report.request_id, self.average.get(row.group, 0.0)) for row in rows)


def read_sample(aws: Aws, rows: Sequence[Row]) -> LogSample:
    """Return what the logs of the invocations in *rows* took, by the first lines of each of their groups."""
    counted: dict[str, int] = {}
    average: dict[str, float] = {}
    for group in {row.group for row in rows if row.group}:
        mine = [row for row in rows if row.group == group]
        began = min(row.at_ms - row.report.duration_ms - (row.report.init_ms or 0) for row in mine)
        since = int(began) - _COLD_MS
        reader = LogReader(aws, {group: group}, since, max(row.at_ms for row in mine) + 1, most=MOST_LINES)
        try:
            reader.read()
        except ClientError as error:
            if code_of(error) != "ResourceNotFoundException":
                raise
            continue
        whole = {each.request_id: each.logged_bytes for each in reader.invocations.values() if each.report}
        asked = {row.report.request_id for row in mine}
        own = {request: size for request, size in whole.items() if request in asked}
        counted |= own
        if sizes := list((own or whole).values()):
            average[group] = sum(sizes) / len(sizes)
    return LogSample(counted, average)
