"""What a notebook tells of a sweep."""

from shared.notebook.one_sweep import Sweep


def record(world, repeat, seconds, usd):
    return {
        "axes": {"world_size": world},
        "repeat": repeat,
        "status": "SUCCEEDED",
        "records": 1250,
        "wall_seconds": seconds,
        "wall_throughput": 1250 / seconds,
        "aggregate_throughput": 1250 / seconds,
        "memory_mb": 100,
        "cost_usd": usd,
    }


def sweep_of(*records, folder):
    return Sweep("team2 cosmic", records, folder)


def test_a_sweep_recommends_what_was_measured(tmp_path):
    records = [record(world, repeat, 8.0 / world, 0.001 * world) for world in (1, 2, 4) for repeat in (1, 2, 3)]
    sweep = sweep_of(*records, folder=tmp_path)
    assert sweep.recommended["fastest"]["axes"] == {"world_size": 4}
    assert sweep.recommended["cheapest"]["axes"] == {"world_size": 1}
    shown = sweep._repr_html_()
    assert "fastest: world size 4: 2.00 s (2.00 to 2.00, n 3), $0.004000 a run, efficiency 100 %" in shown
    assert "cheapest: world size 1: 8.00 s" in shown


def test_where_a_sweep_allows_no_choice_it_says_why(tmp_path):
    sweep = sweep_of(record(1, 1, 8.0, 0.001), folder=tmp_path)
    assert sweep.recommended["notes"][0] == "Nothing is recommended: of one configuration there is no choice."
    assert "Nothing is recommended: of one configuration there is no choice." in sweep._repr_html_()
