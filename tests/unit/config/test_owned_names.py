"""Two things of one name, of which one is the queue for another's dead letters, are refused."""

import json


def test_a_queue_that_is_called_as_anothers_dead_letters_is_refused(files):
    files.edit("statemachines/stars.yaml", "functions:", "queues: {work: , work-dead-letters: }\nfunctions:")
    files.write("statemachines/stars.asl.json", json.dumps({"StartAt": "P", "States": {"P": {"Type": "Pass"}}}))
    files.team("team2", "workflows: {stars: {}}\n")
    assert any("work-dead-letters" in each for each in files.problems())
