"""What the model of time is fitted to: each kind of file is read, or refused with its line."""

import gzip
import json

import pytest
import yaml
from pydantic import BaseModel

from shared.errors import LanesError, UsageError
from shared.measure.reports.report import Report, Section, Table, write_report
from shared.measure.scaling.evidence.executions import OWN_MEMORY
from shared.measure.scaling.evidence.files import read_evidence
from shared.measure.scaling.measured import TimedRun
from shared.measure.scaling.way import FIELD, OWN
from tests.helpers.project import REPOSITORY

TOTALS = "partition(MB),data(GB),run,num_worlds,duration\n25,1.0,1,41.0,00:26.642\n100,4.0,1,41.0,01:01.291\n"
LOGS = (
    "data (GB),batch_size,run,partition (MB),total_duration (s),inference_duration (s),batch_varying\n"
    "983GB,512,1,100MB,116.81,65.13,False\ntiming,512,1,100MB,77.4,68.98,False\n1TB,512,1,100MB,246.87,193.24,False\n"
)


class Nothing(BaseModel):
    """What a report carries, where nobody reads it."""


@pytest.fixture
def written(tmp_path):
    """Return a writer of a file, which may lie in folders of its own."""

    def write(name, content):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return write


def result(path="result-partition-100MB/983GB/1", seconds=20.0, records=5000):
    return {
        "total_cpu_time (seconds)": seconds,
        "sample_persec": records / seconds,
        "batch_size": 512,
        "result_path": path,
    }


def own_result(run="run-1", world=2, seconds=3.0):
    figures = {"total_cpu_time (seconds)": 9.0, "batch_size": 64, "result_path": "results"}
    return {**figures, "run_id": run, "world_size": world, "records": 500, "seconds": seconds}


def test_the_papers_tables_tell_runs_and_batches(written, tmp_path):
    written("total_execution_time.csv", TOTALS)
    written(
        "batch_varying_results.csv", "batch_size,run,total_cpu_time (seconds)\n32,1,8.38\n32,mean,8.26\n512,1,5.96\n"
    )
    written(
        "result_stats.csv", "partition (MB),data (GB),run,total_cpu_time (seconds),throughput_bps\n25,1.0,1,5.6,1\n"
    )
    found = read_evidence([tmp_path])
    assert [(run.world_size, run.batch_size, run.seconds) for run in found.runs] == [
        (41, 512, 26.642),
        (41, 512, 61.291),
    ]
    assert found.runs[0].records == pytest.approx(1278.25)
    assert found.runs[0].way == FIELD
    assert [(mean.batch_size, mean.seconds) for mean in found.means] == [(32, 8.38), (512, 5.96)]
    assert len(found.billed) == 1
    assert found.unused == (f"{tmp_path}/result_stats.csv: means over ranks, which tell no time of a run",)


def test_a_sweeps_journal_tells_runs_ranks_and_cold_starts(written):
    cell = {
        "key": "a",
        "status": "SUCCEEDED",
        "repeat": 1,
        "axes": {"world_size": 2},
        "records": 1001,
        "wall_seconds": 4.5,
        "memory_size_mb": 1769,
        "ranks": [[0, 501, 1.5, 500.0], [1, 500, 1.4, None]],
    }
    failed = {"key": "b", "status": "ERROR", "repeat": 2, "axes": {"world_size": 2}}
    path = written("sweep/cells.jsonl", "".join(json.dumps(each) + "\n" for each in (cell, failed)))
    found = read_evidence([path.parent])
    assert found.runs == (TimedRun(501, 2, 128, 4.5, 1769, way=OWN),)
    assert found.ranks[0].seconds == (1.5, 1.4)
    assert found.cold_starts == (0.5,)
    assert found.unused == (f"{path}: 1 cells that failed, or tell no records, world size or memory",)


def cell(key, code="new", batch=64, **figures):
    made = {"team": "team2", "workflow": "cosmic", "where": "aws", "memory": {"inference": 1769}, "code": code}
    setting = {**made, "input": {"batch_size": batch, "data_prefix": "datasets", "fmi_enabled": False}}
    ranks = [[0, 501, 1.5, 500.0], [1, 500, 1.4, None]]
    told = {"status": "SUCCEEDED", "records": 1001, "wall_seconds": 4.5, "memory_size_mb": 1769, "ranks": ranks}
    return {"key": key, "repeat": 1, "axes": {"world_size": 2}, "setting": setting, **told, **figures}


def journal(cells):
    return "".join(json.dumps(each) + "\n" for each in cells)


def test_a_journals_runs_of_other_code_or_input_are_not_mixed_in(written):
    fmi = cell("d", wall_seconds=99.0)
    fmi["setting"]["input"]["fmi_enabled"] = True
    before = {**cell("c", wall_seconds=98.0), "setting": {}}
    path = written("cells.jsonl", journal([before, cell("a", code="old", wall_seconds=97.0), fmi, cell("b")]))
    found = read_evidence([path])
    assert [run.seconds for run in found.runs] == [4.5]
    assert len(found.unused) == 3
    assert f"{path}: 1 cells that were measured with other code than the newest one" in found.unused
    assert f"{path}: 1 cells that were measured with other fmi_enabled than the newest one" in found.unused


def test_a_cell_that_ran_again_is_as_new_as_its_last_run(written):
    failed = {**cell("a"), "status": "ERROR"}
    found = read_evidence([written("cells.jsonl", journal([failed, cell("b", code="other"), cell("a")]))])
    assert len(found.runs) == 1
    assert "other code" in found.unused[0]


def test_a_cell_tells_its_batch_size_and_its_world_though_they_are_no_axes(written):
    (run,) = read_evidence([written("cells.jsonl", journal([cell("a", batch=64)]))]).runs
    assert run.batch_size == 64
    by_batch = {**cell("a"), "axes": {"batch_size": 8}}
    by_batch["setting"]["input"] = {"world_size": 4}
    (run,) = read_evidence([written("cells.jsonl", journal([by_batch]))]).runs
    assert (run.world_size, run.batch_size, run.records) == (4, 8, 251)


def test_a_cell_without_the_memory_of_its_ranks_is_told_and_not_fitted(written):
    found = read_evidence([written("cells.jsonl", journal([cell("a"), cell("b", memory_size_mb=0)]))])
    assert len(found.runs) == 1
    assert "1 cells that failed, or tell no records, world size or memory" in found.unused[0]


def test_a_run_as_lanes_run_prints_it(written):
    rank = {"records": 626, "seconds": 3.9, "memory_size_mb": 2048, "cold_start_ms": 4688.0}
    told = {
        "status": "SUCCEEDED",
        "wall_seconds": 29.6,
        "records": 1252,
        "ranks": [rank, {**rank, "seconds": 4.0, "cold_start_ms": None}],
        "output": {"world_size": 2, "batch_size": 64},
    }
    found = read_evidence([written("run.json", told)])
    assert found.runs == (TimedRun(626, 2, 64, 29.6, 2048),)
    assert (found.ranks[0].seconds, found.cold_starts) == ((3.9, 4.0), (4.688,))
    assert "did not succeed" in read_evidence([written("failed.json", {**told, "status": "FAILED"})]).unused[0]


def test_a_run_as_lanes_report_writes_it(tmp_path):
    headings = ("state", "rank", "request id", "duration", "billed", "memory size", "memory used", "init")
    rows = [
        ["Init", "", "a", "9.00 ms", "9 ms", "256 MB", "90 MB", "80.00 ms"],
        ["Inference", "0", "b", "1500.00 ms", "2001 ms", "1769 MB", "150 MB", "500.50 ms"],
        ["Inference", "1", "c", "1400.00 ms", "1400 ms", "1769 MB", "150 MB", ""],
    ]
    figures = [("status", "SUCCEEDED"), ("run", "r"), ("time", "12.34 s"), ("records", "12,001")]
    bins = Table(
        "", [str(place) for place in range(8)], [["0 to 0.05", "78", "0.1", "0.2", "0 %", "1 %", "2 %", "3 %"]]
    )
    chosen = Table("", ("parameter", "value"), [["world_size", "2"], ["batch_size", "32"]], 2)
    sections = [
        Section("Configuration", tables=[chosen]),
        Section("Invocations", tables=[Table("", headings, rows, 3)]),
        Section("Redshifts", tables=[bins]),
    ]
    write_report(Report("team2: a run of cosmic", "Started now.", figures, sections), tmp_path / "report", Nothing())
    found = read_evidence([tmp_path / "report"])
    assert found.runs == (TimedRun(6001, 2, 32, 12.34, 1769),)
    assert found.cold_starts == (0.5005,)


def test_results_in_nested_folders_tell_how_ranks_differ(written, tmp_path):
    for repeat in "12":
        path = f"result-partition-100MB/983GB/{repeat}"
        written(f"{path}/combined_data.json", [result(path), result(path, 80.0), result(path, 1.0, 200)])
    found = read_evidence([tmp_path])
    assert [ranks.seconds for ranks in found.ranks] == [(20.0, 80.0, 1.0)] * 2
    assert found.ranks[0].records == (5000, 5000, 200)
    assert found.runs == ()


def test_the_fields_executions_get_their_ranks_from_the_results_and_not_from_the_label(written, tmp_path):
    written("state_machine_logs.csv", LOGS)
    many = "scaling/result-partition-100MB/12GB/983GB/1"
    page = "scaling/result-partition-100MB/12GB/1TB/1"
    written("a/combined_data.json", [result(many)] * 983)
    written("b/combined_data.json", [result(page)] * 1000)  # a whole page of a listing: there may have been more
    found = read_evidence([tmp_path])
    assert found.runs == (TimedRun(5000, 983, 512, 116.81, 10240, 65.13, FIELD),)
    assert "2 executions" in found.unused[0]
    assert "timing/1, 1TB/1" in found.unused[0]


def test_results_of_repeats_that_differ_in_number_tell_no_ranks(written, tmp_path):
    written("state_machine_logs.csv", LOGS)
    for repeat, ranks in (("1", 122), ("2", 8)):
        path = f"scaling/result-partition-100MB/12GB/timing/{repeat}"
        written(f"{repeat}/combined_data.json", [result(path)] * ranks)
    assert read_evidence([tmp_path]).runs == ()


def test_executions_as_the_cli_lists_them_find_their_results_by_name(written, tmp_path):
    one = {"name": "run-1", "status": "SUCCEEDED", "startDate": "2026-11-29T10:00:00.5+00:00"}
    listed = [
        {**one, "stopDate": "2026-11-29T10:00:12.750000+00:00"},
        {**one, "name": "run-2", "status": "FAILED", "stopDate": "2026-11-29T10:00:13+00:00"},
        {**one, "name": "run-3", "stopDate": 1796000000.5, "startDate": 1795999990.0},
    ]
    written("executions.json", {"executions": listed})
    written("results/run-1/combined_data.json", [own_result()] * 2)
    found = read_evidence([tmp_path])
    assert found.runs == (TimedRun(500, 2, 64, 12.25, OWN_MEMORY),)
    assert [each for each in found.unused if "FAILED" in each]
    assert [each for each in found.unused if "1 executions" in each and "run-3" in each]
    assert found.ranks[0].seconds == (3.0, 3.0)  # the clock's, which ours have beside those of the CPU


@pytest.mark.parametrize(
    ("given", "output", "wanted"),
    [
        (
            {"file_limit": "11", "batch_size": 512, "data_prefix": "100MB", "result_path": "r/1"},
            None,
            TimedRun(5113, 11, 512, 30.0, 10240, way=FIELD),
        ),
        (
            {"world_size": 4},
            {"world_size": 4, "batch_size": 32, "records": 1000},
            TimedRun(250, 4, 32, 30.0, OWN_MEMORY),
        ),
        (  # every input of ours has these names, as the card's defaults fill them
            {
                "world_size": 4,
                "batch_size": 32,
                "file_limit": None,
                "data_prefix": "datasets",
                "result_path": "results",
            },
            {"world_size": 4, "batch_size": 32, "records": 1000},
            TimedRun(250, 4, 32, 30.0, OWN_MEMORY),
        ),
        (
            {"world_size": 4, "batch_size": 32, "file_limit": 8, "data_prefix": "25MB"},
            {"world_size": 4, "batch_size": 32, "records": 1000},
            TimedRun(250, 4, 32, 30.0, OWN_MEMORY),
        ),
    ],
)
def test_an_execution_that_is_described_tells_its_size_itself(written, given, output, wanted):
    told = {
        "executionArn": "arn:aws:states:us-east-1:1:execution:m:n",
        "name": "n",
        "status": "SUCCEEDED",
        "startDate": "2026-11-29T10:00:00+00:00",
        "stopDate": "2026-11-29T10:00:30+00:00",
        "input": json.dumps(given),
        **({"output": json.dumps(output)} if output else {}),
    }
    assert read_evidence([written("described.json", told)]).runs == (wanted,)


@pytest.mark.parametrize("header", ["name,start,stop", "Name;StartDate;StopDate", "name\tstart\tstop"])
def test_executions_as_a_table_whatever_separates_its_columns(written, tmp_path, header):
    separator = next(each for each in ",;\t" if each in header)
    row = separator.join(("run-1", "2026-11-29 10:00:00.500", "29/11/2026 10:00:20"))
    written("executions.csv", f"{header}\n{row}\n")
    written("combined_data.json", [own_result()] * 2)
    (run,) = read_evidence([tmp_path]).runs
    assert (run.seconds, run.world_size) == (19.5, 2)


def test_packed_and_utf_16_files_are_read_too(tmp_path):
    (tmp_path / "a.csv").write_bytes(gzip.compress(TOTALS.encode()))
    (tmp_path / "b.csv").write_bytes(TOTALS.encode("utf-16"))
    assert len(read_evidence([tmp_path / "a.csv", tmp_path / "b.csv"]).runs) == 4


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("t.csv", TOTALS + "25,1.0,2,41.0,26.6\n", "t.csv:4: duration is no MM:SS.sss: '26.6'"),
        ("t.csv", TOTALS + "25,1.0,2,many,00:26.6\n", "t.csv:4: num_worlds is no number: 'many'"),
        ("t.csv", TOTALS + "25,1.0,2,0,00:26.6\n", "t.csv:4: num_worlds is no number of 1 or more"),
        ("t.csv", TOTALS + "25,1.0,2\n", "t.csv:4: the row has not as many fields"),
        ("t.csv", TOTALS.splitlines()[0] + "\n", "t.csv:1: the table has no rows"),
        ("t.csv", LOGS + "2TB,512,1,100MB,-5,1,False\n", "t.csv:5: total_duration (s) is no number"),
        ("t.csv", "name,start,stop\nx,yesterday,today\n", "t.csv:2: this is no time: 'today'"),
        ("t.csv", "name,start,stop\nx,2026-01-02T00:00:09,2026-01-02T00:00:03\n", "t.csv:2: it stops before it starts"),
        ("t.csv", "name,start,stop\n,2026-01-02T00:00:03,2026-01-02T00:00:09\n", "t.csv:2: the execution has no name"),
        ("t.json", '[\n{"startDate": 1,\n}]', "t.json:3: "),
        ("t.json", [result(), {"batch_size": 3}], "result 2: "),
        ("t.json", {"executions": [{"status": "SUCCEEDED", "startDate": None}]}, "execution 1: this is no time"),
        ("cells.jsonl", "{}\n", "cells.jsonl:1: this line is no result of a sweep"),
        (
            "cells.jsonl",
            '{"key": "a", "status": "SUCCEEDED", "axes": {"world_size": 1}, "records": 1}\n',
            "cells.jsonl:1: the cell is not as lanes sweep writes it: there is no wall_seconds",
        ),
        ("cells.jsonl", journal([cell("a"), cell("b", wall_seconds="soon")]), "cells.jsonl:2: the cell is not as"),
        ("cells.jsonl", journal([cell("a", wall_seconds=float("nan"))]), "cells.jsonl:1: the cell is not as"),
        ("cells.jsonl", journal([cell("a", ranks=[[0, 1]])]), "cells.jsonl:1: the cell is not as"),
        ("cells.jsonl", journal([cell("a", ranks=[3])]), "cells.jsonl:1: the cell is not as"),
        ("cells.jsonl", journal([cell("a", axes={"world_size": "many"})]), "cells.jsonl:1: the cell is not as"),
    ],
)
def test_what_cannot_be_read_is_an_error_with_its_line(written, name, content, said):
    with pytest.raises(LanesError) as caught:
        read_evidence([written(name, content)])
    assert said in str(caught.value)


def test_all_that_cannot_be_read_is_told_at_once(written, tmp_path):
    written("a.csv", TOTALS + "25,1.0,2,many,00:26.6\n")
    written("b.csv", TOTALS + "x\n" * 20)
    with pytest.raises(LanesError) as caught:
        read_evidence([tmp_path])
    assert "a.csv:4" in str(caught.value)
    assert "b.csv:4" in str(caught.value)
    assert "and 9 more" in str(caught.value)


def test_a_folder_or_file_with_nothing_to_fit_to_is_asked_wrongly(written, tmp_path):
    other = written("other/notes.json", {"a": 1})
    for path, said in ((other.parent, "nothing in it"), (other, "nothing that"), (tmp_path / "none", "no such file")):
        with pytest.raises(UsageError, match=said):
            read_evidence([path])


def test_files_beside_the_measurements_are_counted(written, tmp_path):
    written("total_execution_time.csv", TOTALS)
    written("notes.json", {"a": 1})
    written(".hidden.json", "no JSON")
    (unused,) = read_evidence([tmp_path]).unused
    assert unused.startswith(f"1 files in {tmp_path} that hold no measurement")


def test_the_memory_of_ranks_whose_executions_do_not_tell_it_is_the_cards():
    card = yaml.safe_load((REPOSITORY / "statemachines" / "cosmic.yaml").read_text())
    assert card["functions"]["inference"]["memorySize"] == OWN_MEMORY
