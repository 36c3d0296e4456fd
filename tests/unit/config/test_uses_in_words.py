"""What a function may use, in words."""

from shared.config.resources import NOTHING, OWN_BUCKET, Uses


def test_what_a_card_says_nothing_of_is_the_teams_bucket():
    assert OWN_BUCKET.in_words() == ("read and write the team's bucket",)
    assert NOTHING.in_words() == ()


def test_each_thing_is_a_line():
    uses = Uses(
        tables={"team1-stars": "readwrite"},
        queues={"team1-todo": "send"},
        secrets=("team1/token",),
        machines=("team1-survey",),
        services=("rekognition:DetectLabels",),
        inputs=True,
    )
    assert uses.in_words() == (
        "read the inputs of runs",
        "read and write table team1-stars",
        "send to queue team1-todo",
        "read secret team1/token",
        "start state machine team1-survey",
        "call rekognition:DetectLabels",
    )
