"""What can go wrong in a run. The class names are the error names that Step Functions shows and may catch."""

from __future__ import annotations

from shared.errors import LanesError, UsageError


class NoData(UsageError):
    """The payload names data that is not in the bucket."""


class CorruptPartition(LanesError):
    """A partition is not what the model reads: no safetensors file, wrong shapes or types, or not numbers."""


class WrongModel(LanesError):
    """A model is not there, cannot be loaded, or has not the inputs and outputs of an image-and-magnitudes model."""


class TotalsDiffer(LanesError):
    """What the ranks told each other over FMI is not what their results say."""


class MissingRank(LanesError):
    """A rank of the run left no result."""
