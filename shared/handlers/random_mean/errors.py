"""What can go wrong in a run. Step Functions shows the class names as error names, and may catch them."""

from __future__ import annotations

from shared.errors import LanesError


class BatchExists(LanesError):
    """An earlier run of the same name left draws. A mean over them and this run's would mix two runs."""


class CorruptDraw(LanesError):
    """What is stored for a draw is not one whole number from 0 to 1000."""


class MissingDraw(LanesError):
    """A draw of the batch was not stored."""
