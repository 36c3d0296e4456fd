"""Where calls go, and as whom, as a user asked for it: of a command by its options, in a notebook by arguments.

Without an option, calls go to the embedded cloud. ``aws`` means AWS itself, and nothing else. ``endpoint`` means what
stands in AWS's place at that URL: it is worked with as AWS is, with the user's own credentials.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Where:
    """Where calls go, and as whom.

    Attributes:
        aws: AWS itself is asked for.
        profile: The AWS profile to use there.
        endpoint: The URL of what is asked instead, with the same credentials.
        role: Whose credentials to take: ``deployer``, ``platform``, ``function/KEY`` or ``role/NAME``.
    """

    aws: bool = False
    profile: str | None = None
    endpoint: str | None = None
    role: str | None = None

    @property
    def embedded(self) -> bool:
        """Whether it is the embedded cloud."""
        return not (self.aws or self.endpoint)

    @property
    def asked(self) -> bool:
        """Whether any cloud was asked for by name, where a command could do without."""
        return not self.embedded or self.role is not None

    @property
    def options(self) -> str:
        """The options that say the same on a command's line, each with a space before it."""
        given = {"--profile": self.profile, "--endpoint": self.endpoint, "--as": self.role}
        return "".join((" --aws" if self.aws else "", *(f" {name} {value}" for name, value in given.items() if value)))
