"""A team's own names as patterns. Every policy names its resources by them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.config.naming import FUNCTION_LOGS, MACHINE_LOGS, name_prefix, path_prefix, record_folder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.config.lane import Place

CODE = "runs/code/"
"""Where code lies in a lane's bucket on its way to Lambda: below ``runs/``, which S3 empties by itself."""
LOGS = (f"log-group:{FUNCTION_LOGS}", f"log-group:{MACHINE_LOGS}")


class OwnNames:
    """The patterns of a team's own names."""

    def __init__(self, team: str, place: Place) -> None:
        self._team = team
        self._place = place

    def arn(self, service: str, head: str) -> str:
        """Return the pattern of the team's names of one kind. *head* is what stands before a name in its ARN."""
        return self._place.arn(service, f"{head}{name_prefix(self._team)}*")

    def arns(self, service: str, heads: Iterable[str]) -> tuple[str, ...]:
        """Return the pattern of each of several kinds."""
        return tuple(self.arn(service, head) for head in heads)

    def record(self, writer: str) -> str:
        """Return the team's deploy record that *writer* writes."""
        folder = record_folder(self._place.stage, self._team).lstrip("/")
        return self._place.arn("ssm", f"parameter/{folder}{writer}")

    def folder(self, service: str, head: str) -> str:
        """Return the pattern of a kind whose names are paths."""
        return self._place.arn(service, f"{head}{path_prefix(self._team)}*")
