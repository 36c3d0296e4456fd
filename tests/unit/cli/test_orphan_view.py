"""Which orphans are shown beside plans."""

from shared.deploy.model import Plan, Step
from shared.deploy.readback.orphans import Orphan
from shared.deploy.readback.orphans_found import Orphans


def test_what_a_plan_removes_is_no_orphan_beside_it():
    gone, kept = (Orphan("words", kind, "words-a-0badcafe", "", "why", "fix") for kind in ("function", "table"))
    todo = Plan("words", "dev", (Step("delete", "function", "words-a-0badcafe"),), {})
    assert Orphans((gone, kept), ()).beside([todo]) == Orphans((kept,), ())
