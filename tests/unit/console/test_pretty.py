"""How texts become pages."""

import pytest

from shared.console.pretty import as_page


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("\u202egpj.exe", r"\u202egpj.exe"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("\x1b[31mred\0", r"\x1b[31mred\x00"),
        ("half \ud800", r"half \ud800"),
        ("Zoë 漢字\n\t& more\u00a0", "Zoë 漢字\n\t& more\u00a0"),
    ],
)
def test_what_would_mislead_a_reader_is_shown_in_texts(text, seen):
    assert as_page(f'<p id="a">{text}</p>').decode() == f'<p id="a">{seen}</p>'


def test_what_is_sent_back_stays_as_it_is():
    page = '<input value="a\u200db"><textarea name="p">a\u200db\n> c</textarea><a href="/x\u200d">'
    assert as_page(f"{page}\u200d</a>").decode() == rf"{page}\u200d</a>"
