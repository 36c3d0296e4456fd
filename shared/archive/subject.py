"""What an archive is made of or held against: a team's lane, where it lies, and the project that says what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.config.load import Project


class Subject(NamedTuple):
    """A lane in a cloud."""

    project: Project
    lane: Lane
    aws: Aws
