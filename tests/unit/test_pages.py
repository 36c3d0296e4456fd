"""What the pages for people name is there: files, folders, links between pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    page
    for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob(".github/**/*.md"))
    if page.name != "CHANGELOG.md"  # it names what was there then
)
TOP = ("shared", "tests", "statemachines", "chalice_app", "docs", "requirements", "teams")
ROOMS = tuple(path.name for path in (ROOT / "shared").iterdir() if path.is_dir())


def shown(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_links_lead_to_files(page):
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_named_files_are_there(page):
    words = re.findall(r"`([\w.-]+(?:/[\w.-]+)+/?)`", page.read_text(encoding="utf-8"))
    named = [word for word in words if word.split("/")[0] in (*TOP, *ROOMS)]
    gone = [word for word in named if not ((ROOT / word).exists() or (ROOT / "shared" / word).exists())]
    assert gone == []
