# ruff: noqa: INP001  Chalice imports it as a module of this name, from this folder
"""The Chalice app: the functions of the team whose stage is deployed (``chalice deploy --stage team2``).

It runs where one deploys, never on Lambda: handlers are resolved there by their own modules. The stages in
``.chalice/config.json`` are written by ``lanes render``.
"""

from pathlib import Path

from shared.cli.chalice_command import stage_app

app = stage_app(Path(__file__).parent)
