"""What a package is made for: a Python of Lambda's, and an architecture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.config.runtimes import Architecture

# The glibc of each runtime's Linux: Amazon Linux 2 has 2.26, which manylinux2014 (2.17) fits, and 2023 has 2.34.
# Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html and docs.aws.amazon.com/linux, 2026-11-29.
_OLD_LINUX = {"python3.11": "manylinux2014"}
_LINUX = "manylinux_2_34"
_MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}  # as Lambda calls them, and as wheels do


@dataclass(frozen=True, slots=True)
class Target:
    """What libraries must fit, in Lambda's words: ``python3.13`` and ``x86_64`` or ``arm64``."""

    runtime: str
    architecture: Architecture = "x86_64"

    @property
    def version(self) -> str:
        """The version of Python."""
        return self.runtime.removeprefix("python")

    @property
    def platform(self) -> str:
        """The newest kind of wheel that fits, as uv calls it."""
        return f"{_MACHINES[self.architecture]}-{_OLD_LINUX.get(self.runtime, _LINUX)}"

    @property
    def markers(self) -> dict[str, str]:
        """What a requirement's condition is asked of."""
        return {
            "python_version": self.version,
            "python_full_version": f"{self.version}.0",
            "implementation_name": "cpython",
            "implementation_version": f"{self.version}.0",
            "os_name": "posix",
            "platform_machine": _MACHINES[self.architecture],
            "platform_python_implementation": "CPython",
            "platform_system": "Linux",
            "sys_platform": "linux",
        }

    def __str__(self) -> str:
        return f"{self.runtime} {self.architecture}"
