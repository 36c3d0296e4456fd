"""What is made of a run is kept as long as the run is, also where it holds the run."""

import gc
from types import SimpleNamespace
from weakref import ref

from shared.console.followed import Followed
from shared.console.per_run import PerRun
from shared.run.run_ranks import RunRanks


class Run:
    definition = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}  # noqa: RUF012
    events = ()
    aws = SimpleNamespace(states=None)


def test_each_run_has_its_own():
    kept, run = PerRun(lambda run: Followed(run.definition)), Run()
    assert kept.of(run) is kept.of(run)
    assert kept.of(run) is not kept.of(Run())


def test_a_run_goes_though_its_ranks_were_looked_at():
    ranks, run = PerRun(RunRanks), Run()
    assert ranks.of(run).maps() == ()
    made, gone = ref(ranks.of(run)), ref(run)
    del run
    gc.collect()
    assert (gone(), made()) == (None, None)
