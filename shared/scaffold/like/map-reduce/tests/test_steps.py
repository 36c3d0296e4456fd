"""Run with: pytest teams/__TEAM__/__NAME__"""

import io

import steps


def test_words_are_counted_whatever_their_case():
    assert steps.count_words("The sea the SEA wind") == {"the": 2, "sea": 2, "wind": 1}


def test_no_word_is_lost_between_pieces():
    pieces = steps.cut("one two three four five", 2)
    assert sorted(" ".join(pieces).split()) == ["five", "four", "one", "three", "two"]


class Bucket(dict):
    """What the handlers ask of S3, kept in a dictionary."""

    def list_objects_v2(self, Bucket, Prefix):
        return {"Contents": [{"Key": key} for key in self if key.startswith(Prefix)]}

    def get_object(self, Bucket, Key):
        return {"Body": io.BytesIO(self[Key])}

    def put_object(self, Bucket, Key, Body):
        self[Key] = Body


def test_the_three_steps_together(monkeypatch):
    monkeypatch.setenv("BUCKET", "mine")
    monkeypatch.setattr(steps, "s3", Bucket({"input/a.txt": b"a b a c"}))
    pieces = steps.split({"run": "r", "folder": "input", "pieces": 2}, None)["pieces"]
    counts = [steps.count({"piece": piece}, None) for piece in pieces]
    assert steps.merge({"run": "r", "counts": counts}, None) == {
        "result": "results/r/counts.json",
        "words": 4,
        "distinct": 3,
    }
