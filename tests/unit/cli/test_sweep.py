"""``lanes sweep`` as typed: what it refuses before a cloud is started."""

import sys

import pytest

from shared.cli.main import main


@pytest.fixture
def sweep(copy_project, tmp_path, monkeypatch, capsys):
    root = copy_project(tmp_path / "project")
    monkeypatch.chdir(root)

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["lanes", "sweep", "team2", "cosmic", "--out", str(tmp_path / "out"), *words])
        with pytest.raises(SystemExit) as ended:
            main()
        assert [path.name for path in (root / ".lanes").iterdir()] == ["packages"]  # which all copies share
        assert not (tmp_path / "out").exists()
        return ended.value.code, capsys.readouterr().err

    return run


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--world-size", "1,17"), "17 ranks wait for each other, and only 16 of cosmic-inference may run at once"),
        (("--world-size", "1", "--bucket", "team1-data"), "bucket is 'team1-data', but this team's functions reach"),
        (("--world-size", "1", "--data-map", "{}"), "--data-map: data_map is an object"),
    ],
)
def test_a_cell_that_the_lane_cannot_carry_out_is_refused_before_any_runs(sweep, words, said):
    code, err = sweep(*words)
    assert code == 2
    assert said in err
    assert "Traceback" not in err
