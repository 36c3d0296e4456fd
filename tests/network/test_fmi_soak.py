"""The rendezvous server among bad clients: a short run of the same mix as the long one in tests/benchmarks."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SOAK = Path(__file__).parents[1] / "benchmarks" / "fmi_soak.py"


@pytest.mark.network
def test_no_pairing_is_lost_or_wrong_and_nothing_leaks() -> None:
    command = [sys.executable, str(SOAK), "--pairings", "200", "--seconds", "3"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert (found["right"], found["wrong"], found["lost"]) == (200, 0, 0)
    assert (found["many_right"], found["many_wrong"]) == (40 * 8, 0)
    plain = {"silent", "garbage", "half-close", "reset", "empty", "flood", "vanish"}
    many = {"many-flood", "many-half", "many-one-token", "many-stolen-token", "many-reset"}
    assert set(found["bad_clients"]) == plain | many
    before, after = found["descriptors"]
    assert after <= before
    before, after = found["resident_kib"]
    assert after < before + 8 * 1024
    assert found["exit"] == 0
