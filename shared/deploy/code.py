"""The project's code as the zip that its functions run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.packages.package import FromEnvironment, Vendored, build_package, has_libraries

if TYPE_CHECKING:
    from shared.config.load import Project
    from shared.packages.package import Package

APP_DIR = "chalice_app"
"""The folder of the Chalice project, in the project's own."""
_CACHE = ".lanes/packages"


def package_code(project: Project, *, packaged: bool) -> Package:
    """Return the code of *project* as a zip.

    Args:
        project: Whose code.
        packaged: The libraries go in too. Else the zip only names them, and the embedded cloud brings them.

    Raises:
        LanesError: A library cannot be had, or there is too much for Lambda.
    """
    dependencies = Vendored(project.runtime) if packaged else FromEnvironment()
    return build_package(project.root / APP_DIR, project.root / _CACHE, dependencies, project.runtime)


def must_fetch_libraries(project: Project) -> bool:
    """Say whether a zip with its libraries needs them fetched first, which takes some 20 s."""
    return not has_libraries(project.root / APP_DIR, project.root / _CACHE, Vendored(project.runtime), project.runtime)
