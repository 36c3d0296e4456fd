"""Rosters of teams: what is read, in whichever separator, and that every problem is told before anything is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.config.load import load_project
from shared.config.new_teams import write_teams
from shared.config.problems import ConfigError
from shared.config.roster import Entry, read_roster
from shared.config.show import starter
from shared.errors import LanesError
from tests.helpers.small_project import SmallProject


@pytest.fixture
def project(tmp_path):
    (tmp_path / "project").mkdir()
    return load_project(SmallProject(tmp_path / "project").root)


@pytest.fixture
def read(project, tmp_path):
    def from_bytes(data):
        path = tmp_path / "roster.csv"
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return read_roster(path, project.naming, project.teams, ["cosmic", "wssr"])

    return from_bytes


def problems(read, data):
    with pytest.raises(ConfigError) as told:
        read(data)
    return [(each.line, each.what) for each in told.value.problems]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_all_that_a_roster_may_say(read, separator, end, mark):
    rows = [
        ["Slug", "owner", "budget", "members", "workflows"],
        ["alpha", "Ann Smith", "$25", '"@ann;@uva/alpha"', "cosmic wssr"],
        ["", "", "", "", ""],
        ["beta", "b@example.edu", "", "", ""],
    ]
    text = mark + end.join(separator.join(row) for row in rows) + end
    assert read(text) == [
        Entry("alpha", "Ann Smith", ("@ann", "@uva/alpha"), 25.0, ("cosmic", "wssr")),
        Entry("beta", "b@example.edu"),
    ]


def test_every_problem_is_told_with_its_line(read):
    rows = ["team9,a@b.edu,,,", "x,al,ann,ten,nothing", "alpha,a@b.edu,,inf,", "alpha,a@b.edu,,-1,"]
    text = "\n".join(["slug,owner,members,budget,workflows", *rows])
    assert problems(read, text) == [
        (2, "there is a team team9 already"),
        (3, "'ann' is neither GitHub's @name or @organisation/team nor an address"),
        (3, "the budget 'ten' is no number of US dollars a month"),
        (3, "the owner 'al' is no address and no name"),
        (3, "the slug 'x' does not match [a-z][a-z0-9]{1,11}"),
        (3, "unknown workflow 'nothing'"),
        (4, "the budget 'inf' is no number of US dollars a month"),
        (5, "the budget '-1' is no number of US dollars a month"),
        (5, "the team alpha is on line 4 too"),
    ]


_NO_TAG = """the owner becomes a tag, and AWS takes letters, digits, spaces and _.:/=+-@, not "'" '(' ')'"""


@pytest.mark.parametrize(
    ("data", "line", "what"),
    [
        (b"slug,owner\nalpha,a@b.edu\nbeta,M\xfcller\n", 3, "byte 0xfc is no UTF-8"),
        ("slug,owner\nalpha,a@b.edu\n".encode("utf-16"), 1, "it is UTF-16, not UTF-8"),
        (b"PK\x03\x04", 1, "it is a workbook, not UTF-8"),
        ("slug,ownr\n", 1, "there is no column 'owner'"),
        ("slug,owner,slug\n", 1, "the column 'slug' is there twice"),
        ("", 1, "there is no team in it"),
        ("slug,owner\n", 1, "there is no team in it"),
        ("slug,owner\nalpha,Ann O'Brien (x)\n", 2, _NO_TAG),
        ('slug,owner\nalpha,"a@b.edu\n', 2, "this is no CSV: unexpected end of data"),
        ("slug,owner\nalpha,a@b.edu,more\n", 2, "it has 3 cells, and the heading has 2"),
        ('slug,owner\nalpha,"two\nlines"\nalpha,a@b.edu\n', 4, "the team alpha is on line 2 too"),
    ],
)
def test_what_is_no_roster(read, data, line, what):
    assert (line, what) in problems(read, data)


def test_a_file_that_is_not_there(project, tmp_path):
    with pytest.raises(ConfigError, match="No such file"):
        read_roster(tmp_path / "none.csv", project.naming, (), ())


OWNERS = st.text(
    st.characters(categories=["L", "N", "Zs"], include_characters="_.:/=+-@"), min_size=3, max_size=256
).filter(lambda text: len(text.strip()) >= 3)


@given(
    owner=OWNERS, budget=st.none() | st.floats(0, 1e6), members=st.lists(st.sampled_from(["@ann", "@o/t", "b@c.edu"]))
)
def test_a_file_says_what_its_entry_says(tmp_path_factory, owner, budget, members):
    small = SmallProject(tmp_path_factory.mktemp("project"))
    entry = Entry("alpha", owner, tuple(dict.fromkeys(members)), None if budget is None else round(budget, 2))
    write_teams(small.root, {"alpha": starter(entry, [])})
    lane = load_project(small.root).lane("alpha")
    assert (lane.owner, lane.members) == (owner, entry.members)
    if entry.monthly_usd:
        assert lane.budget.monthly_usd == pytest.approx(entry.monthly_usd, rel=1e-5)


def test_all_files_or_none(project):
    good, bad = starter(Entry("alpha", "a@b.edu"), []), "team: beta\nowner: b@b.edu\nnothing: 1\n"
    with pytest.raises(ConfigError, match="unknown key 'nothing'"):
        write_teams(project.root, {"alpha": good, "beta": bad})
    with pytest.raises(LanesError, match=r"team9.yaml is there already, and nothing was written"):
        write_teams(project.root, {"alpha": good, "team9": good})
    assert [path.name for path in sorted((project.root / "teams").iterdir())] == ["team9.yaml"]


def test_what_is_wrong_with_others_stops_no_new_team(project):
    (project.root / "teams/broken.yaml").write_text("team: broken\nowner: x\n")
    write_teams(project.root, {"alpha": starter(Entry("alpha", "a@b.edu"), [])})
    assert (project.root / "teams/alpha.yaml").exists()


def test_the_command(tmp_path, lanes_in):
    root = SmallProject(tmp_path).root
    (root / "roster.csv").write_text("slug,owner,budget\nalpha,a@b.edu,20\nbeta,b@b.edu,\n")
    told = lanes_in(root, "team", "new", "--from", "roster.csv", "--dry-run")
    assert (told.code, told.out) == (0, "teams/alpha.yaml  a@b.edu; $20 a month\nteams/beta.yaml  b@b.edu\n")
    assert not (root / "teams/alpha.yaml").exists()
    assert lanes_in(root, "team", "new", "--from", "roster.csv").code == 0
    assert lanes_in(root, "validate").code == 0
    again = lanes_in(root, "team", "new", "--from", "roster.csv")
    assert again.code == 1
    assert "roster.csv:2: there is a team alpha already" in again.err
    assert lanes_in(root, "team", "new").code == 2
    assert lanes_in(root, "team", "new", "gamma", "--from", "roster.csv").code == 2
    assert lanes_in(root, "team", "new", "gamma").out == "teams/gamma.yaml\n"
