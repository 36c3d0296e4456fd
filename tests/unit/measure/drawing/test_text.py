from itertools import pairwise

import matplotlib.font_manager as fonts
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.ft2font import FT2Font

from shared.measure.drawing import text


@pytest.mark.parametrize("face", ["DejaVu Sans", "DejaVu Sans:bold"])
def test_no_letter_is_wider_than_it_is_said_to_be(face):
    font = FT2Font(fonts.findfont(face))
    font.set_size(100, 72)
    codes = (*range(32, 127), *range(0xA0, 0x17F), *range(0x391, 0x460), *map(ord, "✓✗▸■·…—\N{REPLACEMENT CHARACTER}"))
    known = [chr(code) for code in codes if font.get_char_index(code)]
    wide = {each: font.load_char(ord(each)).linearHoriAdvance / 6553600 for each in known}
    assert len(known) > 300
    assert [each for each in known if wide[each] > text.width(each, 1) + 1e-9] == []


def test_what_fits_is_left_as_it_is_and_the_rest_is_shortened():
    assert text.fit("short", 10, 100) == "short"
    shortened = text.fit("rather too long for that", 10, 60)
    assert shortened.endswith("…")
    assert text.width(shortened, 10) <= 60


def test_lines_break_at_words_and_at_their_parts():
    assert text.wrap("Generate batch number", 13, 120, 2) == ["Generate", "batch number"]
    assert text.wrap("CollectAndAverage", 13, 110, 2) == ["CollectAnd", "Average"]
    assert text.wrap("", 13, 100, 2) == []


@given(st.text(max_size=100), st.integers(40, 300), st.integers(1, 3))
def test_no_line_is_wider_than_its_room(told, room, lines):
    found = text.wrap(text.plain(told), 13, room, lines)
    assert len(found) <= lines
    assert all(text.width(line, 13) <= room for line in found)
    whole = text.plain(told).replace(" ", "")
    joined = "".join(found).replace(" ", "")
    assert joined == whole or (joined.endswith("…") and whole.startswith(joined[:-1]))


def test_what_xml_cannot_hold_is_replaced():
    assert text.plain("a\x00b\x1bc\ud800d\n e") == "a�b�c�d e"
    assert all(one != other for one, other in pairwise(text.plain("a \t b")))
