"""What a run makes anew in its output: any other moment or id in its place is as good."""

import pytest

from shared.testing.recorded.made_anew import as_expected, with_placeholders

ID = "0b8f8f9e-1c1d-4a5b-9c3d-2f6f7f8f9f0f"
OTHER = "1b8f8f9e-1c1d-4a5b-9c3d-2f6f7f8f9f0f"
THEN, NOW = "2026-11-29T23:32:27.123Z", "2023-11-14T22:13:20Z"


def test_moments_and_ids_that_nobody_gave_are_placeholders():
    output = {"key": f"map/{ID}/manifest.json", "at": [THEN, 3], "given": OTHER}
    hidden = with_placeholders(output, known=OTHER)
    assert hidden == {"key": "map/${any.id}/manifest.json", "at": ["${any.moment}", 3], "given": OTHER}
    expected = as_expected(hidden)
    assert expected == {"key": f"map/{OTHER}/manifest.json", "at": [NOW, 3], "given": OTHER}
    assert {"key": f"map/{OTHER}/manifest.json", "at": [NOW, 3], "given": OTHER} == expected


@pytest.mark.parametrize("other", ["map/x/manifest.json", f"{ID}/manifest.json", None, 3])
def test_their_form_is_compared(other):
    expected = as_expected(with_placeholders(f"map/{ID}/manifest.json", known=""))
    assert expected != other
    assert other != expected
