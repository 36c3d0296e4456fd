"""Projects of a test's own: with one workflow and one team, and with a cloud that ``lanes up`` keeps."""

import json
from contextlib import contextmanager
from typing import NamedTuple

from shared.aws.client import Aws, connect_endpoint
from shared.config.load import load_project
from shared.local import daemon
from shared.local.state import STATE_DIR, Running, State


class Kept(NamedTuple):
    """A cloud in a process of its own, and clients of it as anybody's boto3 would be."""

    state: State
    running: Running
    aws: Aws


@contextmanager
def kept_cloud(root):
    """Have ``lanes up`` keep a cloud for the project at *root* until the block ends."""
    place, state = load_project(root).place, State(root / STATE_DIR)
    running = daemon.up(state, daemon.Settings(place, 0))
    try:
        yield Kept(state, running, connect_endpoint(place, running.endpoint, running.key))
    finally:
        daemon.down(state)


def leave_one_workflow(root, workflow, *, card, template, handler, team):
    """Leave the project at *root* one *team*, which has one *workflow*: a card, a template, and a handler."""
    for file in (root / "teams").iterdir():
        file.unlink()
    (module,) = {line.split("handlers.")[1].split(".")[1] for line in card.splitlines() if "handler:" in line}
    files = {
        f"statemachines/{workflow}.yaml": card,
        f"statemachines/{workflow}.asl.json": json.dumps(template),
        f"shared/handlers/{workflow}/__init__.py": "",
        f"shared/handlers/{workflow}/{module}.py": handler,
        f"teams/{team}.yaml": f"team: {team}\nowner: {team}@example.edu\nworkflows: {{{workflow}: {{}}}}\n",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root
