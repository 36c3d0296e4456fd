"""What tests of every kind use: the repository, and copies of the project to do as one likes with."""

import shutil
import signal
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
PARTS = ("naming.yaml", "shared", "statemachines", "teams", "chalice_app")

# A shell that starts the suite in the background has it ignore Ctrl-C, and so would every process that a test starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def copy_project():
    """Return a function that copies the project, without tests and state, into a folder and returns that."""

    def copy(folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        ignore = shutil.ignore_patterns("__pycache__", "deployed", "deployments")
        for name in PARTS:
            source = REPOSITORY / name
            if source.is_dir():
                shutil.copytree(source, folder / name, symlinks=True, ignore=ignore)
            else:
                shutil.copy2(source, folder / name)
        return folder

    return copy


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    """A PostgreSQL server for all tests that want one, as its superuser's secret."""
    from shared.local.postgres import Postgres  # noqa: PLC0415  moto takes time that few tests have to spend

    server = Postgres(tmp_path_factory.mktemp("postgres"))
    yield server.start()
    server.stop()
