"""Run with: lanes test __TEAM__ __NAME__"""

import steps

from shared.testing import raises


def test_words_are_counted_whatever_their_case():
    assert steps.count_words("The sea the SEA wind") == {"the": 2, "sea": 2, "wind": 1}


def test_no_word_is_lost_between_pieces():
    pieces = steps.cut("one two three four five", 2)
    assert sorted(" ".join(pieces).split()) == ["five", "four", "one", "three", "two"]


def test_the_workflow_counts_its_sample(workflow):
    workflow.put_sample()  # into a bucket in memory, in which the handlers' boto3 ends, too
    run = workflow.run({"pieces": 2})
    assert run.output == {"result": "results/test/counts.json", "words": 16, "distinct": 8}
    assert run.paths("Pieces") == [["Count"], ["Count"]]


def test_a_piece_that_cannot_be_counted_fails_the_run(workflow):
    workflow.put_sample()
    run = workflow.run({"pieces": 2}, mocks={"Count": raises("Broken")})
    assert (run.status, run.error, run.path) == ("FAILED", "Broken", ["Split", "Pieces"])
