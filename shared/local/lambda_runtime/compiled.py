"""Compiled modules in a function's code: for which Python and which processor each was made.

AWS runs a function on the processor and the Python that it is set to. This machine has one processor and a few Pythons.
A module that was made for others cannot be imported here; Python would only say that there is none of that name.
"""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shared.config.runtimes import Architecture

_MODULE = re.compile(r"\.(?:cpython-3(?P<minor>\d+)(?:-[\w-]+)?|abi3)\.so$")  # PEP 3149
_ELF, _MACHINE = b"\x7fELF", slice(18, 20)  # elf.h: e_ident begins so, e_machine lies there
_ARCHITECTURES: dict[int, Architecture] = {0x3E: "x86_64", 0xB7: "arm64"}


class Compiled(NamedTuple):
    """One compiled module.

    Attributes:
        file: Its file, relative to the code.
        python: The runtime that it was made for; None for the stable ABI, which every later Python takes.
        architecture: The processor that it was made for; None for one that Lambda does not have.
    """

    file: str
    python: str | None
    architecture: Architecture | None


@cache
def compiled_in(folder: Path) -> tuple[Compiled, ...]:
    """Return the compiled modules below *folder*, by their paths. It is looked at once: code is read-only."""
    return tuple(sorted(_modules(folder)))


def _modules(folder: Path) -> Iterator[Compiled]:
    for parent, _, files in os.walk(folder):
        for name in files:
            found = _MODULE.search(name)
            path = Path(parent, name)
            if found and path.is_file():
                python = f"python3.{found['minor']}" if found["minor"] else None
                yield Compiled(str(path.relative_to(folder)), python, _architecture(path))


def _architecture(path: Path) -> Architecture | None:
    with path.open("rb") as file:
        head = file.read(_MACHINE.stop)
    return _ARCHITECTURES.get(int.from_bytes(head[_MACHINE], "little")) if head.startswith(_ELF) else None


def why_not(modules: Iterable[Compiled], python: str, architecture: Architecture) -> str:
    """Return why a *python* on this *architecture* cannot import what is among *modules*; "" if it can.

    A module for another Python is in nobody's way where there is the same one for this Python beside it.
    """
    known = list(modules)
    own = {_name(each) for each in known if each.python in {None, python}}
    for each in known:
        if each.architecture not in {architecture, None}:
            return f"{each.file} is compiled for {each.architecture}, and this machine is {architecture}"
        if each.python not in {None, python} and _name(each) not in own:
            return f"{each.file} is compiled for {each.python}, and this machine would run it on {python}"
    return ""


def _name(module: Compiled) -> str:
    return _MODULE.sub("", module.file)
