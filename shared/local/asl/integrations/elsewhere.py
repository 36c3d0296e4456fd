"""Integrations that only AWS runs. A definition that names one is taken, with a warning; the state fails by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Never

from shared.local.asl.errors import RuntimeFailure
from shared.local.asl.integrations.base import Integration

if TYPE_CHECKING:
    from shared.local.asl.strand import Strand
    from shared.values import Json

FIX = "run this workflow on AWS, mock the state in a test (lanes test, TestState), or call the API by aws-sdk"


class Elsewhere(Integration):
    """A job on a service that nothing here runs."""

    def __init__(self, service: str, action: str, pattern: str) -> None:
        super().__init__(service, action + (f".{pattern}" if pattern else ""), pattern)

    @property
    def what(self) -> str:
        """What is not done, to be read after "the embedded cloud does not"."""
        return f"run {self.kind}:{self.action}"

    def check(self, _strand: Strand, _arguments: Json) -> Never:
        """Fail before anything is scheduled."""
        raise RuntimeFailure(f"The embedded cloud does not {self.what}, though AWS does: {FIX}.")
