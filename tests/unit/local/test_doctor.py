import sys
from datetime import date
from pathlib import Path

import pytest

from shared.config.runtimes import MACHINE, RUNTIMES
from shared.local.doctor import examine
from shared.local.pythons import Python


def test_every_finding_says_what_and_how_to_get_it():
    findings = {finding.name: finding for finding in examine()}
    assert findings["Python"].ok
    assert findings["Loopback port"].ok
    assert "MB free" in findings["Temporary space"].found
    assert ", bound by " in findings["Functions at once"].found
    assert all(finding.fix for finding in findings.values() if not finding.ok)
    optional = [name for name, finding in findings.items() if finding.optional]
    assert optional == [
        "Private /tmp", "Functions at once", "Lambda's runtime", "Functions' Python", "Other Pythons", "Rscript",
        "docker", "mariadbd", "chromium", "iam-simulate", "MiniStack", "torch", "GalSim",
    ]  # fmt: skip


def test_a_tool_that_is_not_on_the_path_is_missing_with_the_way_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    finding = {finding.name: finding for finding in examine()}["Rscript"]
    assert not finding.ok
    assert finding.optional
    assert "install" in finding.fix


def test_a_tool_on_the_path_is_named_by_its_place(monkeypatch, tmp_path):
    tool = tmp_path / "docker"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    finding = {finding.name: finding for finding in examine()}["docker"]
    assert finding.ok
    assert finding.found == str(tool)


def test_a_library_is_missing_with_the_extra_that_brings_it_or_named_by_its_version(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    (tmp_path / "torch-2.9.1.dist-info").mkdir()
    (tmp_path / "torch-2.9.1.dist-info/METADATA").write_text("Name: torch\nVersion: 2.9.1\n")
    findings = {finding.name: finding for finding in examine()}
    assert (findings["torch"].ok, findings["torch"].found) == (True, "2.9.1")
    assert not findings["GalSim"].ok
    assert findings["GalSim"].fix == "pip install -e '.[survey]'"


OTHER = "python3.14" if MACHINE != "python3.14" else "python3.13"


def about(name, **asked):
    return {finding.name: finding for finding in examine(**asked)}[name]


@pytest.mark.parametrize(
    ("today", "ok", "found"),
    [
        (date(2026, 11, 29), True, "python3.11, until 2027-06-30"),
        (date(2027, 1, 1), False, "python3.11 is deprecated on 2027-06-30"),
        (date(2027, 8, 1), False, "Lambda makes no python3.11 functions any more"),
    ],
)
def test_a_runtime_that_aws_gives_up_is_warned_of_half_a_year_before(today, ok, found):
    finding = about("Lambda's runtime", runtime="python3.11", today=today)
    assert (finding.ok, finding.warning, finding.optional) == (ok, True, True)
    assert finding.found.startswith(found)
    assert "python3.12, python3.13, python3.14" in finding.fix
    assert RUNTIMES["python3.11"].deprecated == date(2027, 6, 30)


def test_it_says_what_functions_of_another_runtime_run_on():
    there = Python(f"/opt/{OTHER}", (Path("/opt"),), {})
    found = about("Functions' Python", runtime=OTHER, find=lambda _: there)
    assert (found.ok, found.found) == (True, f"functions run on /opt/{OTHER}, as {OTHER} on AWS")
    lacking = about("Functions' Python", runtime=OTHER, find=lambda name: f"there is no {name} on the PATH")
    assert not lacking.ok
    assert lacking.found.endswith(f"here they run on {MACHINE}: there is no {OTHER} on the PATH")
    assert about("Functions' Python").found == f"{MACHINE}, as on AWS"
    others = about("Other Pythons", find=lambda name: there if name == OTHER else "none")
    assert (others.ok, others.found) == (True, OTHER)


def test_iam_simulate_is_found_where_the_tests_look_for_it(monkeypatch, tmp_path):
    node = tmp_path / "node"
    node.write_text("#!/bin/sh\n")
    node.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("LANES_IAM_SIMULATE", raising=False)
    assert "npm install @cloud-copilot/iam-simulate" in about("iam-simulate").fix
    package = tmp_path / "node_modules/@cloud-copilot/iam-simulate/package.json"
    package.parent.mkdir(parents=True)
    package.write_text('{"version": "0.1.173"}')
    monkeypatch.setenv("LANES_IAM_SIMULATE", str(tmp_path))
    assert about("iam-simulate").found == f"0.1.173 in {tmp_path}"
    node.unlink()
    assert "there is no node" in about("iam-simulate").found


@pytest.mark.skipif(not Path("/dev/shm").is_mount(), reason="there is no tmpfs here")
def test_the_clouds_space_is_told_and_that_a_tmpfs_takes_memory(tmp_path):
    (told,) = [each for each in examine(kept=tmp_path / "not" / "yet") if each.name == "Cloud's space"]
    assert told.found.endswith(f"MB free in {tmp_path}/not/yet")
    (told,) = [each for each in examine(kept=Path("/dev/shm")) if each.name == "Cloud's space"]
    assert told.found.endswith("MB free in /dev/shm, a tmpfs: what lies there takes memory")
