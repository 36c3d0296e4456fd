"""The loop held with a work, a keyboard and a watcher that a test scripts: no clock, no terminal, no cloud."""

import pytest

from shared.run.dev.loop import Deployed, Enter, Quit, Saved
from shared.run.dev.session import hold


class Script:
    """Plays *events*, one a tick. A run goes on for *looks* looks. Files saved as broken are refused."""

    def __init__(self, *events, looks=2, starts=True):
        self.events = list(events)
        self.looks = looks
        self.starts = starts
        self.left = 0
        self.did = []

    def _next(self, *kinds):
        if not self.events or isinstance(self.events[0], kinds):
            return self.events.pop(0) if self.events else Quit()
        return None

    def keys(self, _seconds):
        event = self._next(Enter, Quit, type, str)
        if event is KeyboardInterrupt:
            raise KeyboardInterrupt
        return None if event == "tick" else event

    def saves(self):
        return self._next(Saved)

    def deploy(self, files):
        self.did.append(("deploy", *files))
        return Deployed(fine="broken.py" not in files)

    def start(self):
        self.left = self.looks
        self.did.append("start" if self.starts else "refused")
        return self.starts

    def look(self):
        self.left -= 1
        if self.left > 0:
            return False
        self.did.append("end")
        return True

    def stop(self):
        self.left = 1
        self.did.append("stop")

    def tell(self, text):
        self.did.append(("told", text))

    def turn(self, *, broken):
        self.did.append("mend" if broken else "turn")

    def play(self, *, on_save=False):
        hold(self, self, self.keys, self.saves, on_save=on_save)
        return self.did


def test_it_deploys_runs_and_waits_for_a_key():
    assert Script("tick", "tick", "tick", Enter(), "tick", "tick", Quit()).play() == [
        *[("deploy",), "start", "end", "turn"],
        *["start", "end", "turn"],
    ]


def test_a_save_is_deployed_and_run_if_asked_for():
    told = Script("tick", "tick", Saved(("a.py",)), "tick", "tick", "tick", Quit()).play(on_save=True)
    assert told == [("deploy",), "start", "end", "turn", ("deploy", "a.py"), "start", "end", "turn"]


def test_a_save_alone_runs_nothing():
    assert Script("tick", "tick", Saved(("a.py",)), "tick", Quit()).play()[-2:] == [("deploy", "a.py"), "turn"]


def test_a_save_while_a_run_goes_on_stops_it_for_the_new_code():
    did = Script("tick", Saved(("a.py",)), "tick", "tick", "tick", "tick", Quit(), looks=3).play(on_save=True)
    assert [each for each in did if each[0] != "told"] == [
        *[("deploy",), "start", "stop", "end"],
        *[("deploy", "a.py"), "start", "end", "turn"],
    ]


def test_broken_files_run_nothing():
    did = Script("tick", "tick", Saved(("broken.py",)), "tick", Quit()).play(on_save=True)
    assert did[-2:] == [("deploy", "broken.py"), "mend"]


def test_a_run_that_does_not_start_gives_the_turn_back():
    assert Script("tick", Quit(), starts=False).play() == [("deploy",), "refused", "turn"]


@pytest.mark.parametrize("end", [Quit(), KeyboardInterrupt])
def test_leaving_stops_a_run_after_saying_so(end):
    script = Script("tick", end, looks=9)
    if end is KeyboardInterrupt:
        with pytest.raises(KeyboardInterrupt):
            script.play()
    else:
        script.play()
    assert script.did == [("deploy",), "start", ("told", "the run is stopped"), "stop"]
