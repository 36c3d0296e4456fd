import sys

from shared.local.doctor import examine


def test_every_finding_says_what_and_how_to_get_it():
    findings = {finding.name: finding for finding in examine()}
    assert findings["Python"].ok
    assert findings["Loopback port"].ok
    assert "MB free" in findings["Temporary space"].found
    assert all(finding.fix for finding in findings.values() if not finding.ok)
    optional = [name for name, finding in findings.items() if finding.optional]
    assert optional == ["Private /tmp", "Rscript", "docker", "torch", "GalSim"]


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
