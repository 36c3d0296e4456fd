"""What is wrong in a lane, with what to do about it; what is not known is never taken for right."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from shared.config.problems import Problem
from shared.deploy.drift import Drift, Owned
from shared.errors import LanesError
from shared.isolation.proof.finding import Finding
from shared.measure.billing.month import MonthCost
from shared.measure.status import LaneStatus, Told, not_known, shared_troubles, troubles, worst_first
from shared.run.lately import Lately
from shared.run.listing import Execution
from shared.run.meeting_place import MeetingPlace

NOW = datetime(2026, 1, 2, tzinfo=UTC)
LANE = SimpleNamespace(owner="a@example.edu", functions={}, budget=SimpleNamespace(monthly_usd=25.0))


def ran(*runs, begun=True):
    newest = {each.workflow: each for each in runs}
    return Told(Lately(runs, newest, 0, 0, at_least=False, deployed=("a",), absent=(), begun=begun))


def run(status, workflow="a"):
    return Execution("run-7", workflow, status, NOW, 1.0)


def cost(usd):
    return Told(MonthCost(usd, NOW, 3, 0))


def status(**parts):
    found = {
        "runs": ran(run("SUCCEEDED")),
        "cost": cost(0),
        "used": Told(SimpleNamespace(of=lambda _: 0, what="now")),
        "drift": Told(Drift((), {})),
        "proof": Told(SimpleNamespace(findings=())),
        "meeting": Told(MeetingPlace("healthy")),
    }
    return LaneStatus(**{"team": "team2", "lane": LANE, **found, **parts})


FINDING = Finding(rule="r", document="d", team="team2", why="it reaches all", fix="narrow it")


@pytest.mark.parametrize(
    ("part", "grade", "what", "fix"),
    [
        ({"problems": (Problem("teams/team2.yaml", 3, "no such key"),)}, "bad", "no such key", "lanes validate team2"),
        ({"runs": ran(run("FAILED"))}, "bad", "the last run of a failed", "lanes logs team2 run-7 --aws"),
        ({"runs": ran(run("TIMED_OUT"))}, "bad", "ran out of time", "lanes logs team2"),
        ({"runs": Told(why="refused")}, "bad", "not known: refused", ""),
        ({"proof": Told(SimpleNamespace(findings=(FINDING,)))}, "bad", "it reaches all", "narrow it; lanes isolation"),
        ({"meeting": Told(MeetingPlace("hung", "h:1", "no answer", "restart it"))}, "bad", "h:1 is hung", "restart it"),
        ({"meeting": Told(MeetingPlace("degraded", "h:1", "slow", "watch"))}, "warn", "h:1 is degraded", "watch"),
        ({"cost": cost(30)}, "bad", "120% of its budget of $25", "lanes cost team2 --aws"),
        ({"cost": cost(21)}, "warn", "84% of its budget", "lanes cost team2 --aws"),
        ({"cost": Told(why="throttled")}, "warn", "what it costs is not known: throttled", ""),
        (
            {"drift": Told(Drift((Owned("bucket", "b", "missing"),), {}))},
            "warn",
            "1 thing is deployed otherwise",
            "lanes plan team2 --aws",
        ),
        ({"drift": Told(why="no network")}, "warn", "no network", "lanes plan team2 --aws"),
    ],
)
def test_what_is_wrong_says_what_to_do(part, grade, what, fix):
    found = troubles(status(**part), " --aws")
    assert [each.grade for each in found] == [grade]
    assert what in found[0].what
    assert found[0].fix.startswith(fix)


@pytest.mark.parametrize(
    "part", [{}, {"runs": ran(run("RUNNING"))}, {"runs": ran(run("ABORTED"))}, {"drift": Told()}, {"runs": Told()}]
)
def test_what_is_right_or_being_read_is_no_trouble(part):
    assert troubles(status(**part), "") == ()


def test_what_is_being_read_is_counted():
    assert status().being_read == 0
    assert status(drift=Told(), cost=Told()).being_read == 2
    assert status(drift=Told(), cost=Told(), runs=ran(begun=False)).being_read == 0
    assert status(drift=Told(why="refused")).being_read == 0


def test_many_problems_of_a_file_are_not_all_listed():
    problems = tuple(Problem("teams/team2.yaml", line, "no such key") for line in range(9))
    found = troubles(status(problems=problems), "")
    assert len(found) == 6
    assert found[-1].what == "4 problems more in its files"


def test_the_worst_lane_comes_first_and_what_is_not_deployed_last():
    lanes = [
        status(team="absent", runs=ran(begun=False)),
        status(team="fine"),
        status(team="warned", cost=cost(21)),
        status(team="zbad", runs=ran(run("FAILED"))),
        status(team="bad", runs=ran(run("FAILED"))),
    ]
    assert [each.team for each, _ in worst_first(lanes, "")] == ["bad", "zbad", "warned", "fine", "absent"]


def test_what_is_wrong_for_all_is_told_once():
    proof = Told(SimpleNamespace(findings=(FINDING, Finding(rule="r", document="d", why="names meet", fix="rename"))))
    found = shared_troubles((), proof, Told(why="refused"), Told([1]), teams={"team2"}, options="")
    assert [each.grade for each in found] == ["bad", "warn", "warn"]
    assert "names meet" in found[0].what
    assert "how many functions run is not known: refused" in found[1].what
    assert found[2].fix == "lanes validate --deployed"


@pytest.mark.parametrize(
    ("error", "why", "fix"),
    [
        (LanesError("no key", where="team2", fix="deploy"), "team2: no key", "deploy"),
        (ClientError({"Error": {"Code": "AccessDenied"}}, "GetRole"), "the cloud refused GetRole: AccessDenied", None),
        (ValueError("odd"), "reading it failed: ValueError: odd", ""),
    ],
)
def test_why_something_is_not_known(error, why, fix):
    told = not_known(error)
    assert (told.state, told.why) == ("not known", why)
    assert fix is None or told.fix == fix


def test_the_record_says_of_each_part_whether_it_is_known():
    record = status(cost=Told(), meeting=Told(why="refused", fix="ask")).as_record()
    assert record["cost_this_month"] == {"state": "being read"}
    assert record["rendezvous"] == {"state": "not known", "why": "refused", "fix": "ask"}
    assert record["drift"]["state"] == "known"
    assert status(runs=ran(begun=False)).as_record()["drift"] == {"state": "nothing deployed"}
