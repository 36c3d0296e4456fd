"""``lanes dev``: the loop of work on one workflow: save, see it deployed, run it again."""

from __future__ import annotations

from typing import Annotated

import typer

from shared.cli import console
from shared.cli.completion import complete_words
from shared.cli.where import Where, on_cloud
from shared.errors import INTERRUPTED, UsageError


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command(context_settings={"ignore_unknown_options": True})(dev)


@on_cloud
def dev(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="TEAM WORKFLOW [--PARAMETER VALUE]", show_default=False, autocompletion=complete_words),
    ] = None,
    *,
    given: Annotated[
        str,
        typer.Option(
            "--input", metavar="FILE|JSON", help="The payload: a file or JSON; input.json of its folder if left out."
        ),
    ] = "",
    on_save: Annotated[bool, typer.Option("--run", help="Run on each save, not on Enter alone.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document a line for each event.")] = False,
    where: Where,
) -> None:
    """Work on a workflow: run it, and deploy each save of its files within a second; Enter runs it again, q ends.

    It works on the embedded cloud, that of lanes up or one of its own. While a run goes on, the states of the machine
    are shown, and what the functions write, with tracebacks that name your own files. Files that are broken are told
    as lanes validate tells them, and what is deployed stays.

    Example: lanes dev team2 cosmic --run --world-size 2
    """
    from shared.cli import wiring
    from shared.cli.dev_view import view
    from shared.cli.dev_work import Asked, DevWork, given_file, shown
    from shared.cli.keys import keyboard, standard_input
    from shared.cli.run import find_workflow, split_words
    from shared.run.dev.session import hold
    from shared.run.dev.watched import files_of
    from shared.run.dev.watcher import Watcher

    names, options = split_words(words or [])
    project = wiring.open_valid(*names[:1])
    lane, workflow = find_workflow(project, names, "dev")
    _check_embedded(where, lane.team, workflow.key)
    console.note(f"deploying {lane.team}, which takes longest the first time")
    watcher = Watcher(files_of(project.root, lane, workflow.key, None, given_file(given)).look, shown)
    with (
        wiring.signals_unwind(),
        wiring.open_cloud(project, where, [lane]) as cloud,
        view(lane.team, workflow.key, on_save=on_save, as_json=as_json) as shows,
        keyboard(standard_input()) as keys,
    ):
        work = DevWork(Asked(names, given, options), cloud, shows, watcher)
        try:
            hold(work, shows, keys, watcher.saved, on_save=on_save)
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None


def _check_embedded(where: Where, team: str, workflow: str) -> None:
    """Refuse a real account.

    Raises:
        UsageError: One was asked for.
    """
    if not where.embedded:
        raise UsageError(
            "lanes dev works on the embedded cloud alone: each save of a file would change a real account",
            fix=f"lanes dev {team} {workflow} here; then lanes deploy {team}{where.options} and "
            f"lanes run {team} {workflow}{where.options}",
        )
