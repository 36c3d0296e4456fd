"""``import fmi``: FMI's Python API, for scripts written for the C++ bindings."""

from shared.fmi.compat.bindings import Communicator, datatypes, func, hints, op, types

__all__ = ["Communicator", "datatypes", "func", "hints", "op", "types"]
