"""What pytest loads wherever Teamlanes is installed: it brings in the plugin, in projects of Teamlanes alone.

Another project may have a package of its own called ``shared``. Where this module imported ours, that one's tests could
not import theirs, or pytest would not start at all. So nothing is imported before a ``naming.yaml`` shows whose project
it is: beside what is tested, or above it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

_NAMES, _TEAMS = "naming.yaml", "teams"


def pytest_configure(config: pytest.Config) -> None:
    """Bring in the plugin if this is a project of Teamlanes."""
    if _in_project(config.rootpath) or _in_project(config.invocation_params.dir):
        from shared.testing import plugin  # noqa: PLC0415  see above

        config.pluginmanager.register(plugin, "teamlanes-workflows")


def _in_project(folder: Path) -> bool:
    return any((place / _NAMES).is_file() and (place / _TEAMS).is_dir() for place in (folder, *folder.parents))
