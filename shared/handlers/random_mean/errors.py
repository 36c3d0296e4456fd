"""What can go wrong in a run. The class names are the error names that Step Functions shows and may catch."""

from __future__ import annotations

from shared.errors import LanesError


class BatchExists(LanesError):
    """An earlier run of the same name left draws; averaged with this run's they would mix two runs."""


class CorruptDraw(LanesError):
    """What is stored for a draw is not one whole number from 0 to 1000."""


class MissingDraw(LanesError):
    """A draw of the batch was not stored."""
