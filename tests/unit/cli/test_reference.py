from typing import Annotated

import typer

from shared.cli.reference import markdown

app = typer.Typer()


@app.command()
def show(
    team: Annotated[str, typer.Argument(help="Whose.")],
    subject: Annotated[str | None, typer.Argument(metavar="[RUN|SWEEP]", help="Of what.")] = None,
) -> None:
    """Show it.

    Example: lanes show team2

    Example: lanes show team2 sweeps/a
    """


@app.command(hidden=True)
def secret() -> None:
    """Nobody is told."""


def test_every_example_is_code_and_brackets_are_not_doubled():
    text = markdown(typer.main.get_group(app))
    assert "\nlanes show TEAM [RUN|SWEEP]\n" in text
    assert "\nExample: `lanes show team2`\n\nExample: `lanes show team2 sweeps/a`\n" in text
    assert "- `[RUN|SWEEP]`: Of what.\n" in text
    assert "secret" not in text
