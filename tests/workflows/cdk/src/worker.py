"""Logs an item."""


def handler(event: object, _context: object) -> object:
    """Print *event* and give it back."""
    print(event)  # noqa: T201  what a function prints is its log
    return event
