"""The import graph of ``shared/`` in figures: modules, arrows, arrows against the layers, circles, the biggest room.

Run it as ``python tests/benchmarks/imports.py [FOLDER]``, where *FOLDER* is another checkout to compare with. The
layers are those of pyproject.toml here. A circle is a set of neighbours in one room that import one another.
"""

from __future__ import annotations

import sys
import tomllib
from collections import Counter, defaultdict
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Print the figures."""
    sys.path.insert(0, str(Path(sys.argv[1] if len(sys.argv) > 1 else ROOT).resolve()))
    graph = grimp.build_graph("shared", cache_dir=None)
    arrows = [(a, b) for a in graph.modules for b in graph.find_modules_directly_imported_by(a)]
    circles = [circle for room in rooms(graph.modules) for circle in circles_in(room, arrows)]
    files = Counter(module.rpartition(".")[0] for module in graph.modules if "." in module)
    (biggest, most), *_ = files.most_common(1)
    print(f"modules              {len(graph.modules)}")
    print(f"arrows               {len(arrows)}")
    print(f"upward arrows        {len(upward(arrows))}")
    print(f"circles              {len(circles)}  {'; '.join(' '.join(sorted(circle)) for circle in circles)}")
    print(f"modules in a circle  {sum(map(len, circles))}")
    print(f"biggest room         {biggest}, {most} modules of its own")


def rooms(modules: set[str]) -> list[str]:
    """Return the packages among *modules*."""
    return sorted({module.rpartition(".")[0] for module in modules if "." in module})


def upward(arrows: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the *arrows* from a lower layer to a higher one."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(each["layers"] for each in contracts if each["type"] == "layers" and "containers" not in each)
    floor = {room: -at for at, layer in enumerate(layers) for room in layer.split(" | ")}

    def floor_of(module: str) -> int | None:
        return floor.get(".".join(module.split(".")[:2]))

    pairs = ((a, b, floor_of(a), floor_of(b)) for a, b in arrows)
    return [(a, b) for a, b, low, high in pairs if low is not None and high is not None and low < high]


def circles_in(room: str, arrows: list[tuple[str, str]]) -> list[set[str]]:
    """Return the sets of children of *room* that reach one another, by whatever is below them."""
    reach: defaultdict[str, set[str]] = defaultdict(set)
    for ends in arrows:
        if all(end.startswith(f"{room}.") for end in ends):
            start, end = (each.removeprefix(f"{room}.").split(".")[0] for each in ends)
            if start != end:
                reach[start].add(end)
    for _ in list(reach):  # the longest way has as many steps as there are children
        for start in list(reach):
            reach[start] |= set().union(*(reach[near] for near in reach[start] if near in reach))
    return [
        set(circle)
        for circle in {
            frozenset(other for other in reach[child] if child in reach[other])
            for child in list(reach)
            if child in reach[child]
        }
    ]


if __name__ == "__main__":
    main()
