"""Whether each import of a package's code finds something on Lambda: its own modules, Python's, AWS's, a library's."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from shared.config.problems import Problem
from shared.config.runtimes import RUNTIME_MODULES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.packages.code import Code, Outside
    from shared.packages.requirements import Requirements
    from shared.packages.target import Target

# By which version of Python a module went or came: sys.stdlib_module_names is of this machine's only.
# Source: "What's New" of each version, "Removed" and "New modules", docs.python.org, 2026-11-29.
_GONE = {
    12: ("asynchat", "asyncore", "distutils", "imp", "smtpd"),
    13: (
        "aifc", "audioop", "cgi", "cgitb", "chunk", "crypt", "imghdr", "lib2to3", "mailcap", "msilib", "nis",
        "nntplib", "ossaudiodev", "pipes", "sndhdr", "spwd", "sunau", "telnetlib", "uu", "xdrlib",
    ),
}  # fmt: skip
_NEW = {14: ("annotationlib", "compression")}

_DISTRIBUTIONS = {
    "Bio": "biopython", "Crypto": "pycryptodome", "MySQLdb": "mysqlclient", "OpenSSL": "pyopenssl",
    "PIL": "pillow", "attr": "attrs", "bs4": "beautifulsoup4", "cv2": "opencv-python-headless", "docx": "python-docx",
    "dotenv": "python-dotenv", "fitz": "pymupdf", "git": "gitpython", "google.protobuf": "protobuf", "jwt": "pyjwt",
    "magic": "python-magic", "netCDF4": "netcdf4", "pptx": "python-pptx", "psycopg2": "psycopg2-binary",
    "ruamel": "ruamel.yaml", "skimage": "scikit-image", "sklearn": "scikit-learn", "yaml": "pyyaml", "zmq": "pyzmq",
}  # fmt: skip
"""The usual distribution of a module that is called otherwise."""


def unexplained(code: Code, files: frozenset[str], requirements: Requirements, target: Target) -> Iterator[Problem]:
    """Yield a problem for each import of *code* that nothing explains, and for names of its own that libraries have.

    Args:
        code: The code.
        files: The names of the files of its libraries, as they lie in the zip.
        requirements: What its libraries come from.
        target: The Python that runs it.
    """
    known = _standard(target) | set(RUNTIME_MODULES)
    missing: dict[str, list[Outside]] = {}
    for each in code.outside:
        if each.told.module.partition(".")[0] not in known and not each.told.may_fail:
            for module in _not_found(each, files):
                missing.setdefault(module, []).append(each)
    for module, (first, *others) in missing.items():
        what, fix = _advice(module, requirements, target)
        more = f"; {len(others)} more import it" if others else ""
        yield Problem(first.file, first.told.line, f"{what}{more}", fix)
    for top in sorted(code.own & {name.partition("/")[0].partition(".")[0] for name in files}):
        what = f"{top} is a module of the workflow's own and one of a library; a function would find one of them only"
        yield Problem(requirements.shown, 1, what, "rename the workflow's own")


def _not_found(each: Outside, files: frozenset[str]) -> Iterator[str]:
    """Yield the modules of an import that are in no library. Packages of several distributions are looked into."""
    module, names = each.told.module, each.told.names
    asked = [f"{module}.{name}" for name in names] if names and _is_namespace(module, files) else [module]
    return (each for each in asked if not _provided(each, files))


def _provided(module: str, files: frozenset[str]) -> bool:
    parts = module.split(".")
    for count in range(1, len(parts) + 1):
        base = "/".join(parts[:count])
        if any(name in files for name in (f"{base}.py", f"{base}/__init__.py")) or _compiled(base, files):
            return True
        if not any(name.startswith(f"{base}/") for name in files):
            return False
    return True


def _is_namespace(module: str, files: frozenset[str]) -> bool:
    base = module.replace(".", "/")
    inside = any(name.startswith(f"{base}/") for name in files)
    return inside and not any(f"{base}/__init__{end}" in files for end in (".py", ".so"))


def _compiled(base: str, files: frozenset[str]) -> bool:
    return any(name.startswith((f"{base}.", f"{base}/__init__.")) and name.endswith(".so") for name in files)


def _standard(target: Target) -> set[str]:
    minor = int(target.version.partition(".")[2])
    ever = {name for names in _GONE.values() for name in names} | set(sys.stdlib_module_names)
    gone = {name for version, names in _GONE.items() if version <= minor for name in names}
    new = {name for version, names in _NEW.items() if version <= minor for name in names}
    later = {name for version, names in _NEW.items() if version > minor for name in names}
    return (ever | new) - gone - later


def _advice(module: str, requirements: Requirements, target: Target) -> tuple[str, str]:
    top = module.partition(".")[0]
    for version, names in _GONE.items():
        if top in names:
            return f"Python {target.version} has no {top} any more (since 3.{version})", "use what took its place"
    what = f"nothing brings {module}: no requirement, not Lambda's Python, and no module of the workflow's own"
    name = _DISTRIBUTIONS.get(module) or _DISTRIBUTIONS.get(top)
    if name is None:
        name = top.replace("_", "-").lower() if module == top else f"the library that has {module}"
    return what, f"add {name} to {requirements.shown}"
