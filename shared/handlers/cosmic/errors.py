"""What can go wrong in a run. Step Functions shows the class names as error names, and may catch them."""

from __future__ import annotations

from shared.errors import LanesError, UsageError


class NoData(UsageError):
    """The payload names data that is not in the bucket."""


class CorruptPartition(LanesError):
    """A partition is not what the model reads: no safetensors file, of wrong shapes or types, or not of numbers."""


class WrongModel(LanesError):
    """A model is not there, cannot be loaded, or has other inputs and outputs than an image-and-magnitudes model."""


class TotalsDiffer(LanesError):
    """The ranks told each other other totals over FMI than their results have."""


class MissingRank(LanesError):
    """A rank of the run left no result."""
