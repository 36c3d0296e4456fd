"""Where in an archive a bucket's keys go: where their names say if a file can be there, and always somewhere."""

from hypothesis import given
from hypothesis import strategies as st

from shared.archive.paths import places

NAMES = st.text(st.sampled_from("ab/.-~\x00\x1b\u202e\u00e9"), min_size=1, max_size=8)


def test_a_plain_key_is_its_own_path_or_has_a_place_beside():
    plain, beside = places("buckets", "team2-data", "results/one.json", ".gz")
    assert plain == "buckets/team2-data/results/one.json.gz"
    assert beside.startswith("buckets/other-names/")
    assert beside.endswith(".gz")


def test_a_key_that_leads_away_that_nobody_sees_or_that_is_too_long_has_only_that():
    for key in ("../../etc/passwd", "/a", "a//b", "folder/", "a\x1b[31m", "n" * 241, "/".join("abcdefgh" * 12) * 9):
        assert len(places("buckets", "team2-data", key)) == 1


def test_the_same_odd_name_in_two_folders_has_two_places():
    assert places("logs", "one", "x/") != places("logs", "two", "x/")


@given(NAMES, NAMES)
def test_every_key_has_a_place_of_its_own_in_which_a_file_can_be(one, other):
    assert (one == other) == bool(set(places("s", "i", one)) & set(places("s", "i", other)))
    for each in places("s", "i", one):
        assert all(part not in ("", ".", "..") for part in each.split("/"))
        assert each.isprintable()
