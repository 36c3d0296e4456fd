"""What an image is called: ``host[:port]/repository[:tag][@digest]``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from shared.errors import UsageError

_FORM = re.compile(
    r"(?P<host>[A-Za-z0-9.-]+(:[0-9]{1,5})?)/(?P<repository>[a-z0-9]+([._/-]+[a-z0-9]+)*)"
    r"(:(?P<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?(@(?P<digest>sha256:[0-9a-f]{64}))?"
)


def names_registry(text: str) -> bool:
    """Say whether an image's name begins with a registry: with a dot, a port, or this machine, as Docker tells it."""
    host = text.partition("/")[0]
    return "." in host or ":" in host or host == "localhost"


@dataclass(frozen=True, slots=True)
class Reference:
    """An image in a registry. ``version`` is its digest where one is given, else its tag."""

    host: str
    repository: str
    version: str

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Return the reference that *text* is; without a tag it means ``latest``.

        Raises:
            UsageError: It is none; the host must be spelt out.
        """
        match = _FORM.fullmatch(text)
        if match is None or not names_registry(text):
            raise UsageError(
                f"{text!r} is no image", fix="give host/repository:tag, such as registry.example.edu/r-base:4.4.1"
            )
        return cls(match["host"], match["repository"], match["digest"] or match["tag"] or "latest")

    def __str__(self) -> str:
        mark = "@" if self.version.startswith("sha256:") else ":"
        return f"{self.host}/{self.repository}{mark}{self.version}"

    @property
    def url(self) -> str:
        """Where its registry answers: over HTTPS everywhere but on this machine."""
        name = self.host.partition(":")[0]
        scheme = "http" if name in {"localhost", "127.0.0.1"} else "https"
        return f"{scheme}://{self.host}"
