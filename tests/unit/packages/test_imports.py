"""What a module imports, read off its source."""

import pytest

from shared.packages.imports import Import, read_source


def imports(source, module="shared.fmi.gate", *, package=False):
    return [(each.module, each.names) for each in read_source(source.encode(), module, package=package).imports]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import os, numpy.linalg as la", [("os", ()), ("numpy.linalg", ())]),
        ("from numpy import array, where", [("numpy", ("array", "where"))]),
        ("from . import wire", [("shared.fmi", ("wire",))]),
        ("from .wire.frames import Frame", [("shared.fmi.wire.frames", ("Frame",))]),
        ("from ..errors import LanesError", [("shared.errors", ("LanesError",))]),
        ("def f():\n    class A:\n        import late", [("late", ())]),
        ("async def f():\n    async with x:\n        import late", [("late", ())]),
        ("match x:\n    case 1:\n        import late", [("late", ())]),
        ("f = lambda: importlib.import_module('plugins.a')", [("plugins.a", ())]),
        ("__import__('plain'); import_module(name); import_module('.near')", [("plain", ())]),
    ],
)
def test_every_import_is_found_wherever_it_stands(source, found):
    assert imports(source) == found


def test_a_packages_own_imports_start_from_itself():
    assert imports("from . import wire", "shared.fmi", package=True) == [("shared.fmi", ("wire",))]


@pytest.mark.parametrize("caught", ["ImportError", "ModuleNotFoundError", "(ValueError, ImportError)", "Exception", ""])
def test_an_import_that_may_fail_is_told_apart(caught):
    source = f"try:\n    import fast\nexcept {caught}:\n    import slow\nelse:\n    import more\n"
    assert read_source(source.encode(), "m", package=False).imports == (
        Import("fast", (), 2, may_fail=True),
        Import("slow", (), 4),
        Import("more", (), 6),
    )


def test_a_try_for_something_else_guards_nothing():
    (found,) = read_source(b"try:\n    import fast\nexcept KeyError:\n    pass\n", "m", package=False).imports
    assert not found.may_fail


def test_an_import_for_type_checkers_is_told_apart():
    source = b"if TYPE_CHECKING:\n    import a\nelse:\n    import b\nif not TYPE_CHECKING:\n    import c\n"
    found = read_source(source, "m", package=False).imports
    assert [(each.module, each.for_types) for each in found] == [("a", True), ("b", False), ("c", False)]


@pytest.mark.parametrize(
    ("source", "reads"),
    [
        ("X = Path(__file__).with_name('x')", True),
        ("from importlib import resources", True),
        ("from importlib.resources import files", True),
        ("import pkgutil", True),
        ("import importlib", False),
        ("file = '__file__'", False),
    ],
)
def test_a_module_that_looks_for_files_is_known(source, reads):
    assert read_source(source.encode(), "m", package=False).reads_folder is reads
