"""What an execution is of, and what it is called."""

from __future__ import annotations


class Identity:
    """What an execution is called and belongs to."""

    __slots__ = ("machine_arn", "machine_name", "name", "role_arn")

    def __init__(self, name: str, machine_arn: str, machine_name: str, role_arn: str) -> None:
        self.name = name
        self.machine_arn = machine_arn
        self.machine_name = machine_name
        self.role_arn = role_arn
