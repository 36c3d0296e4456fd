from shared.deploy.tags import lower_tag_pairs, read_tags, tag_pairs

TAGS = {"team": "team2", "Key": "value"}


def test_tags_are_read_as_each_service_spells_them():
    assert read_tags(tag_pairs(TAGS)) == read_tags(lower_tag_pairs(TAGS)) == TAGS
    assert read_tags(()) == {}
