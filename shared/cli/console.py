"""What every command prints with: data on stdout, progress and notes on stderr, NO_COLOR honoured by rich."""

from __future__ import annotations

import json
import sys
from typing import Any

from rich.console import Console

out = Console(soft_wrap=True, emoji=False)
err = Console(stderr=True, soft_wrap=True, emoji=False)


def print_json(value: Any) -> None:
    """Write *value* to stdout as one JSON document, keys in the order given."""
    sys.stdout.write(json.dumps(value, indent=2, default=str) + "\n")


def note(text: str) -> None:
    """Tell the reader something beside the data; *text* is printed as it is, never read as markup."""
    err.print(text, style="dim", markup=False, highlight=False)


def fail(text: str) -> None:
    """Print an error message; the caller decides the exit code."""
    err.print(f"error: {text}", style="bold red", markup=False, highlight=False)
