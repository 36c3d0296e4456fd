"""Seeded leaks: each is one edit of a good document, and the proof must name that very statement; and controls."""

import copy
import json
import runpy
from dataclasses import replace
from pathlib import Path

import pytest

MUTANTS = runpy.run_path(str(Path(__file__).with_name("mutants.py")))
LEAKS, CONTROLS = MUTANTS["LEAKS"], MUTANTS["CONTROLS"]


@pytest.fixture
def proved(rendered, proof_of):
    """Return a function that edits one document of team1 and proves all of them, and team10's."""

    def prove_edited(key, edit):
        documents = rendered("team1")
        good = documents[key]
        body = copy.deepcopy(dict(good.body))
        edit(body)
        assert body != good.body, "the edit changed nothing"
        edited = replace(good, body=body)
        return edited, proof_of([*{**documents, key: edited}.values(), *rendered("team10").values()])

    return prove_edited


@pytest.mark.parametrize("name", LEAKS)
def test_a_leak_is_caught_by_its_own_statement(name, proved):
    key, edit, statement, rule = LEAKS[name]
    edited, proof = proved(key, edit)
    caught = [finding for finding in proof.findings if (finding.statement, finding.rule) == (statement, rule)]
    assert caught, [str(finding) for finding in proof.findings]
    # A wider role also stands out of its boundary, a narrower boundary leaves its roles out; nothing else is accused.
    assert {finding.document for finding in proof.findings if finding.rule != "boundary-gap"} <= {edited.title}
    for finding in caught:
        assert finding.team == "team1"
        assert finding.why
        assert finding.fix


@pytest.mark.parametrize("name", CONTROLS)
def test_a_control_passes(name, proved):
    key, edit = CONTROLS[name]
    _, proof = proved(key, edit)
    assert [str(finding) for finding in proof.findings] == []


def test_there_are_enough_leaks_and_they_differ(rendered):
    bodies = set()
    for key, edit, _, _ in LEAKS.values():
        body = copy.deepcopy(dict(rendered("team1")[key].body))
        edit(body)
        bodies.add(key + json.dumps(body, sort_keys=True))
    assert len(bodies) == len(LEAKS) >= 40
