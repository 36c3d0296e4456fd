"""What torch and onnxruntime say, made short enough for a message of ours."""

from __future__ import annotations


def first_sentence(error: Exception) -> str:
    """Return the first sentence of *error*, or its class's name when it says nothing."""
    return str(error).strip().partition("\n")[0].partition(". ")[0].rstrip(".") or type(error).__name__
