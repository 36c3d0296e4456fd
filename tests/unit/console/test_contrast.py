"""Every pair of colours of the console's pages can be read, light and dark: WCAG 2.2, 1.4.3 and 1.4.11."""

import re
from pathlib import Path

import pytest

import shared.console

STYLE = (Path(shared.console.__file__).parent / "static" / "console.css").read_text(encoding="utf-8")
GROUNDS = ("ground", "raised", "hover")
KINDS = ("good", "bad", "busy", "warn", "none")
TEXT = [
    *((text, ground) for text in ("text", "dim", "link", *KINDS) for ground in GROUNDS),
    *((kind, f"{kind}-ground") for kind in KINDS),
    *(("text", f"{kind}-ground") for kind in KINDS),
    ("button-text", "button"),
    ("danger-text", "danger"),
]
EDGES = [(edge, ground) for edge in ("field", "focus", "button", "danger") for ground in GROUNDS]


def variables(block):
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]+)", block))


BLOCKS = re.findall(r":root \{([^}]*)\}", STYLE)
LIGHT = variables(BLOCKS[0])
SCHEMES = {"light": LIGHT, "dark": LIGHT | variables(BLOCKS[1])}


def luminance(colour):
    digits = colour.lstrip("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_formula_is_that_of_wcag():
    assert contrast("#fff", "#000") == pytest.approx(21)
    assert contrast("#777", "#fff") == pytest.approx(4.48, abs=0.005)  # the best known near miss


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("least", "pairs"), [(4.5, TEXT), (3.0, EDGES)], ids=["text", "edges"])
def test_pairs_can_be_read(scheme, least, pairs):
    colours = SCHEMES[scheme]
    found = {f"{one} on {other}": round(contrast(colours[one], colours[other]), 2) for one, other in pairs}
    assert {pair: ratio for pair, ratio in found.items() if ratio < least} == {}


def test_dark_has_a_colour_of_its_own_for_each():
    assert set(variables(BLOCKS[1])) == set(LIGHT)


def test_colours_are_named_once():
    """What is not a variable is not held to contrast, and has no dark one."""
    rules = re.sub(r":root \{[^}]*\}", "", re.sub(r"/\*.*?\*/", "", STYLE, flags=re.DOTALL))
    assert re.findall(r"(?<!&)#[0-9a-fA-F]{3,8}\b(?=[;\s])|rgba?\(|hsla?\(", rules) == []
