"""The code of a package: a workflow's own modules, and of ``shared/`` what its handlers import.

A team's own folder goes in whole, at the zip's root, but for tests, samples, the card, the template, requirements and
the payload of its runs (``input.json``).
Of ``shared/`` go in the modules that are imported, at any depth, and their packages. Two rules find what no import
names: a module that looks for files beside itself gets its whole folder; and a name that is asked of a package which
loads its names lazily is followed to the module that the package imports it from for type checkers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.config.handlers import SHARED
from shared.config.problems import Problem
from shared.packages.imports import Import, Source, read_source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from shared.config.problems import Problems

_ROOM = "shared"
_TRAVELS = (f"{_ROOM}.handlers", f"{_ROOM}.fmi", f"{_ROOM}.errors", f"{_ROOM}.values")
_NOT_CODE = ("tests", "sample")
_OF_THE_CARD = re.compile(r"workflow\.(yaml|asl\.\w+)|requirements[\w.-]*\.(txt|in|lock)|input\.json")


@dataclass(frozen=True, slots=True)
class Workflow:
    """What a package is made of.

    Attributes:
        name: Whose and which: ``shared.cosmic``, ``team2.word-count``.
        root: The project's folder.
        folder: The folder of a team's own workflow; None for a shared one.
        handlers: The dotted paths of its functions' handlers.
        requirements: The file that names its libraries, which need not be there.
    """

    name: str
    root: Path
    folder: Path | None
    handlers: tuple[str, ...]
    requirements: Path


@dataclass(frozen=True, slots=True)
class Outside:
    """An import of what is not the project's: by which file, relative to the project."""

    file: str
    told: Import


@dataclass(frozen=True, slots=True)
class Code:
    """The code of a package.

    Attributes:
        files: Each file by its name in the zip.
        outside: What the handlers, and the modules that they reach, import besides.
        own: The names of the team's own modules and packages, at the zip's root.
    """

    files: dict[str, Path]
    outside: tuple[Outside, ...]
    own: frozenset[str]


def read_code(workflow: Workflow, problems: Problems) -> Code:
    """Return the code of *workflow*. What is wrong with it goes to *problems*."""
    own = dict(_own_files(workflow.folder)) if workflow.folder else {}
    reader = _Reader(workflow, own, problems)
    handlers = [handler.rpartition(".")[0] for handler in workflow.handlers]
    reached = reader.reach(handlers)
    taken = reader.reach([*handlers, *(_module_of(name) for name in own if name.endswith(".py"))])
    outside = tuple(reader.outside(reached))
    files = {**{name: path for name, path in reader.files(taken).items() if name.startswith(f"{_ROOM}/")}, **own}
    tops = {name.partition("/")[0] for name in own if name.endswith((".py", ".so"))}
    return Code(files, outside, frozenset(top.partition(".")[0] for top in tops))


@dataclass(slots=True)
class _Reader:
    """Follows imports through a workflow's modules. Each file is read once."""

    workflow: Workflow
    own: dict[str, Path]
    problems: Problems
    _known: dict[str, Source] = field(default_factory=dict)

    def reach(self, modules: Iterable[str]) -> dict[str, str]:
        """Return what *modules* import of the project, at any depth, themselves too: the zip's names, by module."""
        reached: dict[str, str] = {}
        waiting = list(modules)
        while waiting:
            module = waiting.pop()
            found = self._find(module)
            if module in reached or found is None:
                continue
            reached[module] = found
            waiting += _parents(module)
            source = self._source(module, found)
            for told in source.imports:
                if not told.for_types:
                    waiting += self._asked(told)
            if source.reads_folder and module.startswith(f"{_ROOM}."):
                waiting += (_module_of(name) for name in self._beside(found) if name.endswith(".py"))
        return reached

    def files(self, reached: dict[str, str]) -> dict[str, Path]:
        """Return the files of the modules that are *reached*, with what they look for beside themselves."""
        files = {name: self._path(name) for name in reached.values()}
        for module, name in reached.items():
            if module.startswith(f"{_ROOM}.") and self._known[module].reads_folder:
                files |= self._beside(name)
        return files

    def outside(self, reached: dict[str, str]) -> Iterator[Outside]:
        """Yield what the modules that are *reached* import and is not there, in the order of files and lines."""
        for module, name in sorted(reached.items(), key=lambda item: item[1]):
            file = self._path(name).relative_to(self.workflow.root).as_posix()
            for told in self._known[module].imports:
                if told.for_types:
                    continue
                top = told.module.partition(".")[0]
                if top == _ROOM:
                    self._check_travels(file, told)
                elif self._find(told.module) is None and not self._is_own(top):
                    yield Outside(file, told)

    def _check_travels(self, file: str, told: Import) -> None:
        """Report an import of what no function needs of the project, or of what is not there."""
        asked = [told.module, *(f"{told.module}.{name}" for name in told.names if told.module == _ROOM)]
        for module in asked:
            if module == _ROOM:
                continue
            if not module.startswith(_TRAVELS):
                what, fix = f"{module} is not for functions", f"they may import {', '.join(_TRAVELS)}"
            elif self._find(module) is None and not told.may_fail:
                what, fix = f"there is no {module}", "correct the name"
            else:
                continue
            self.problems.add(Problem(file, told.line, what, fix))

    def _asked(self, told: Import) -> Iterator[str]:
        """Yield the modules that *told* loads: the one that it names, those in it, and those its names come from."""
        yield told.module
        for name in told.names:
            yield f"{told.module}.{name}"
        found = self._find(told.module)
        if found and found.endswith("__init__.py"):
            yield from self._lazily(told.module, found, told.names)
        for name in told.names:  # ``from shared import fmi``: any name may be asked of it later
            inner = f"{told.module}.{name}"
            found = self._find(inner)
            if found and found.endswith("__init__.py"):
                yield from self._lazily(inner, found, ())

    def _lazily(self, package: str, name: str, wanted: tuple[str, ...]) -> Iterator[str]:
        source = self._source(package, name)
        if source.lazy:
            for told in source.imports:
                if told.for_types and (not wanted or "*" in wanted or set(wanted) & set(told.names)):
                    yield told.module

    def _source(self, module: str, name: str) -> Source:
        if module not in self._known:
            path = self._path(name)
            try:
                self._known[module] = read_source(path.read_bytes(), module, package=path.name == "__init__.py")
            except (SyntaxError, ValueError, RecursionError) as error:
                shown = path.relative_to(self.workflow.root).as_posix()
                what = f"this is no Python: {getattr(error, 'msg', error)}"
                self.problems.add(Problem(shown, getattr(error, "lineno", None) or 1, what))
                self._known[module] = Source((), reads_folder=False, lazy=False)
        return self._known[module]

    def _find(self, module: str) -> str | None:
        """Return the zip's name of the project's *module*; None if it is none."""
        base = module.replace(".", "/")
        if module.partition(".")[0] == _ROOM:
            if module != _ROOM and not module.startswith(_TRAVELS):
                return None
            names = (f"{base}/__init__.py", f"{base}.py")
            return next((name for name in names if (self.workflow.root / name).is_file()), None)
        return next((name for name in (f"{base}/__init__.py", f"{base}.py") if name in self.own), None)

    def _is_own(self, top: str) -> bool:
        return any(name.startswith(f"{top}/") for name in self.own)

    def _path(self, name: str) -> Path:
        return self.workflow.root / name if name.startswith(f"{_ROOM}/") else self.own[name]

    def _beside(self, name: str) -> dict[str, Path]:
        folder = (self.workflow.root / name).parent
        prefix = name.rpartition("/")[0]
        return {f"{prefix}/{inner}": path for inner, path in _tree(folder)}


def missing_handlers(workflow: Workflow) -> Iterator[Problem]:
    """Yield a problem for each handler whose module is not there."""
    for handler in workflow.handlers:
        module = handler.rpartition(".")[0]
        base = workflow.root if workflow.folder is None or handler.startswith(SHARED) else workflow.folder
        path = base.joinpath(*module.split("."))
        if not path.with_suffix(".py").is_file() and not (path / "__init__.py").is_file():
            shown = path.with_suffix(".py").relative_to(workflow.root).as_posix()
            what = f"the handler {handler} is in no file that is deployed"
            yield Problem(shown, 1, what, "write it, or correct the handler on the workflow's card")


def _own_files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield (name in the zip, file) for what of a team's own *folder* goes in."""
    for name, path in _tree(folder):
        first, inside, _ = name.partition("/")
        if not (first in _NOT_CODE if inside else _OF_THE_CARD.fullmatch(first)):
            yield name, path


def _tree(folder: Path, above: tuple[Path, ...] = ()) -> Iterator[tuple[str, Path]]:
    """Yield (name, file) for all below *folder*, but for hidden and compiled files. A link to a folder above ends."""
    here = folder.resolve()
    if here in above:
        return
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name == "__pycache__" or path.suffix == ".pyc":
            continue
        if path.is_dir():
            yield from ((f"{path.name}/{name}", inner) for name, inner in _tree(path, (*above, here)))
        elif path.is_file():
            yield path.name, path


def _module_of(name: str) -> str:
    return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _parents(module: str) -> Iterator[str]:
    parts = module.split(".")
    yield from (".".join(parts[:count]) for count in range(1, len(parts)))
