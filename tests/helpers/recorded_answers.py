"""What AWS answered, as recorded beside a checkout, and the judge of answers that lies with the recordings.

The judge is ``run.py`` there, which replays the recordings against any endpoint: so the suite and whoever runs it by
hand count alike. It is no part of this project, and need not be there: a test skips then, and says so.
"""

import concurrent.futures
import importlib.util
import json
import secrets
from argparse import Namespace
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3] / "shared" / "asl-conformance"
_PATIENCE = 0.5  # seconds that run.py gives an answer to settle; one that differs for good costs as many
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": ["lambda.amazonaws.com", "states.amazonaws.com"]},
            "Action": "sts:AssumeRole",
        }
    ],
}

needs_recordings = pytest.mark.skipif(
    not (FOLDER / "run.py").is_file(), reason=f"the recordings are not beside this checkout ({FOLDER})"
)


def recorded(kind):
    """Return the recordings of the set *kind*: cases, tasks, teststate or api."""
    return json.loads((FOLDER / f"{kind}.json").read_text())


def judge(account):
    """Return run.py as a module that knows no endpoint; the recorded account is *account* to it."""
    spec = importlib.util.spec_from_file_location("asl_conformance", FOLDER / "run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.ACCOUNT = account
    return module


def judge_of(endpoint):
    """Return run.py as a module that asks *endpoint*, as a role made there."""
    module = judge("")
    module.ARGS, module.PATIENCE = Namespace(url=endpoint), _PATIENCE
    role = module.client("iam").create_role(
        RoleName=f"r{secrets.token_hex(6)}", AssumeRolePolicyDocument=json.dumps(_TRUST)
    )
    module.ROLE = role["Role"]["Arn"]
    module.ACCOUNT = module.ROLE.split(":")[4]
    return module


def replayed(module, kind, workers):
    """Replay the set *kind* with so many *workers*; return the reports of its cases."""
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        return list(pool.map(lambda case: module.guarded(kind, case), recorded(kind)))


def check_misses(reports, explained):
    """Fail unless exactly those cases differ whose names end with those in *explained*, which says why they do."""
    missed = {report.case["id"]: differences(report) for report in reports if any(report.aspects.values())}
    unexplained = {name: found for name, found in missed.items() if not _named(name, explained)}
    mended = [ending for ending in explained if not any(name.endswith(f"::{ending}") for name in missed)]
    told = "\n".join(f"{name}\n{found}" for name, found in unexplained.items())
    assert not unexplained, f"{len(reports) - len(missed)} of {len(reports)} are right; not explained:\n{told}"
    assert not mended, f"these are right by now, so take them out of the table: {mended}"


def _named(name, endings):
    return any(name.endswith(f"::{ending}") for ending in endings)


def differences(report):
    """Return what a *report* found different, for people to read; empty when nothing."""
    return "\n".join(
        f"    {aspect} {where}\n        recorded {str(expected)[:300]}\n        answered {str(actual)[:300]}"
        for aspect, found in report.aspects.items()
        for where, expected, actual in found
    )
