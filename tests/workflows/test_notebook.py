"""docs/notebook.ipynb, executed as it is in the repository; and the same runs by the commands."""

import json
import re
import subprocess
import sys

import pytest

from shared.local.state import STATE_DIR, State
from shared.notebook import RunFailed, lane
from tests.helpers.eventually import eventually
from tests.helpers.project import REPOSITORY

NOTEBOOK = REPOSITORY / "docs" / "notebook.ipynb"
EXECUTE = """
import sys, nbformat
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient
notebook, folder, socket, written = sys.argv[1:]
cells = nbformat.read(notebook, as_version=4)
kernel = KernelManager(transport="ipc", ip=socket)  # no port is opened
try:
    NotebookClient(cells, km=kernel, timeout=900, resources={"metadata": {"path": folder}}).execute()
finally:
    kernel.shutdown_kernel()
nbformat.write(cells, written)
"""


def test_the_notebook_has_no_outputs_in_the_repository():
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert code
    assert [cell for cell in code if cell["outputs"] or cell["execution_count"] is not None] == []
    assert all(not cell["metadata"] for cell in cells)


@pytest.fixture(scope="module")
def executed(copy_project, tmp_path_factory):
    """The notebook's cells with what they gave, by their code; and the project, whose cloud the kernel has started."""
    root = copy_project(tmp_path_factory.mktemp("notebook") / "project")
    (root / "docs").mkdir()
    written = root.parent / "executed.ipynb"
    done = subprocess.run(  # in a process of its own, since it leaves sockets for the garbage collector
        [sys.executable, "-c", EXECUTE, NOTEBOOK, root / "docs", root.parent / "kernel", written],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    cells = json.loads(written.read_text(encoding="utf-8"))["cells"]
    return root, {"".join(cell["source"]): cell["outputs"] for cell in cells if cell["cell_type"] == "code"}


def told(executed, end):
    """Return the last result of the only cell that ends in *end*, by its type; printed text is of the type ``text``."""
    outputs = [found for code, found in executed[1].items() if code.endswith(end)]
    assert len(outputs) == 1, end
    last = outputs[0][-1]
    data = {"text": last["text"]} if last["output_type"] == "stream" else last["data"]
    return {kind: "".join(lines) for kind, lines in data.items()}


@pytest.mark.workflow
def test_its_run_shows_ranks_plots_results_and_cost(executed):
    assert "<b>SUCCEEDED</b>" in told(executed, "\nrun")["text/html"]
    assert told(executed, "\nrun")["text/html"].count("<tr>") == 5  # four ranks and the headings
    assert "1,250 records" in told(executed, "\nrun")["text/html"]
    assert "cold_start_ms" in told(executed, "run.ranks")["text/html"]
    assert told(executed, "run.plot.timeline()")["image/png"]
    assert told(executed, 'error:.4f}")')["text"] == "mean error of a redshift: 0.0136\n"
    assert "is healthy" in told(executed, r'sep="\n")')["text"]
    assert "Lambda compute" in told(executed, "run.bill")["text/html"]
    assert "'mae': 0.01355" in told(executed, 'run.output["quality"]')["text/plain"]


@pytest.mark.workflow
def test_its_first_run_says_what_it_did_beside(executed):
    first = next(found for code, found in executed[1].items() if code.endswith("\nrun"))[0]
    shown = "".join(first["data"]["text/plain"])
    assert shown.startswith("started the embedded cloud, http://127.0.0.1:")
    assert "deployed team2: " in shown
    assert "put the sample data into s3://team2-cosmical-7078ea12/datasets/: 4 files" in shown


@pytest.mark.workflow
def test_its_failed_run_shows_the_fix(executed):
    shown = told(executed, "\nbroken")["text/html"]
    assert "<b>FAILED</b>" in shown
    assert "NoData: s3://team2-cosmical-7078ea12: data_map names 1 objects that do not exist" in shown
    assert "fix: correct the keys" in shown


@pytest.mark.workflow
def test_its_sweep_is_kept_where_the_command_finds_it(executed):
    assert "3 configurations, 6 runs" in told(executed, "\nsweep")["text/html"]
    assert "speedup" in told(executed, '"speedup"]]')["text/html"]
    assert told(executed, "sweep.plot.time()")["image/png"]
    lines = (executed[0] / "sweeps" / "team2-cosmic" / "cells.jsonl").read_text().splitlines()
    assert [json.loads(line)["status"] for line in lines] == ["SUCCEEDED"] * 6


@pytest.mark.workflow
def test_its_earlier_runs_are_the_same_again(executed):
    assert told(executed, "limit=5)")["text/html"].count("cosmic") == 5
    assert told(executed, "earlier.ranks.equals(run.ranks)")["text/plain"] == "True"
    assert re.fullmatch(r"\$0\.\d{4} in the last 30 days, estimated\n", told(executed, 'estimated")')["text"])
    assert float(told(executed, "going.wait().seconds")["text/plain"]) > 0


@pytest.mark.workflow
def test_nothing_is_left_when_its_kernel_has_ended(executed, processes_of):
    eventually(lambda: not State(executed[0] / STATE_DIR).held())
    eventually(lambda: not processes_of(executed[0]))


@pytest.mark.workflow
def test_a_notebook_and_the_commands_tell_the_same_of_a_run(lanes, root, tmp_path):
    """The cloud that runs already is used, and a run of the one is found by the other."""
    pyarrow = pytest.importorskip("pyarrow.parquet")
    file = tmp_path / "ranks.parquet"
    done = lanes("run", "team2", "cosmic", "--world-size", "2", "--json", "--parquet", str(file))
    assert done.code == 0, done.err
    assert f"{file} has the ranks" in done.err
    said = json.loads(done.out)

    run = lane("team2", root=root).find(said["run_id"])
    first = run.ranks.astype(object).where(run.ranks.notna(), None).to_dict("records")[0]  # a warm rank had no start
    assert first.items() <= said["ranks"][0].items()
    assert run.cost_usd == pytest.approx(said["cost"]["usd"])
    assert run.output == said["output"]
    assert len(run.invocations) == 5  # two ranks, and the steps before and after

    run.to_parquet(tmp_path / "again.parquet")
    for path in (file, tmp_path / "again.parquet"):
        table = pyarrow.read_table(path)
        assert table.to_pandas().equals(run.ranks.astype(table.to_pandas().dtypes.to_dict()))
        described = json.loads(table.schema.metadata[b"teamlanes"])
        assert described["run_id"] == run.id
        assert described["execution"] == run.arn
        assert described["input"] == run.input
        assert described["input"]["world_size"] == 2
        assert described["digests"]["code_sha256"].keys() == {"init", "rendezvous-check", "inference", "summarize"}
        assert described["versions"]["Python"]

    refused = lanes("run", "team2", "cosmic", "--parquet", str(tmp_path / "none" / "ranks.parquet"))
    assert (refused.code, "there is no folder" in refused.err) == (2, True)


@pytest.mark.workflow
def test_a_run_that_fails_stops_a_notebook_with_the_words_of_its_own_code(lanes, root):
    assert lanes("runs", "team2").code == 0
    team2 = lane("team2", root=root)
    with pytest.raises(RunFailed, match="data_map names 1 objects that do not exist") as raised:
        team2.run("cosmic", world_size=1, data_map={"0": "datasets/lost.safetensors"})
    run = raised.value.run
    assert run.status == "FAILED"
    assert run.logs["text"].str.contains("NoData").any()
    assert team2.runs("cosmic", limit=1)["run_id"][0] == run.id


@pytest.mark.workflow
def test_a_run_that_was_started_can_be_stopped(lanes, root):
    assert lanes("runs", "topics").code == 0
    run = lane("topics", root=root).start("item-map", waitDurationSeconds=30)
    run.stop()
    run.wait(check=False)
    assert run.status == "ABORTED"
    assert "it was stopped" in run.failure or "lanes stop" in run.failure
