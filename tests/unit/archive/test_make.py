"""An archive is made whole, goes on where it was stopped, and says what it could not read."""

import base64
import hashlib
import json

import pytest

from shared.archive.hold import damaged, not_held
from shared.archive.make import ArchiveError, InterruptedArchiveError, make_archive
from shared.archive.manifest import open_archive
from shared.archive.stores import UNFINISHED, FolderStore
from shared.archive.subject import Subject
from shared.config.load import load_project
from shared.errors import LanesError, UsageError
from tests.unit.archive.conftest import log


def make(subject, store):
    return make_archive(subject, store, "lanes 1", reports=False)


def text(store, path):
    return b"".join(store.read(path)).decode()


def held(store):
    head, index = open_archive(store)
    return head, {each.path: each for each in index.entries()}


def test_everything_is_there_with_its_checksum_and_what_it_is_of(subject, store):
    head, tally = make(subject, store)
    lane = subject.lane
    assert (head.complete, head.missing, tally.kept) == (True, (), 0)
    found, entries = held(store)
    assert found == head
    assert head.files == len(entries) == len(list(store.paths())) - 1  # the manifest
    for path, entry in entries.items():
        body = b"".join(store.read(path))
        assert (len(body), hashlib.sha256(body).hexdigest()) == entry.stored
    by_key = {each.source["key"]: each for each in entries.values() if each.source["sort"] == "object"}
    plain, below = by_key["results/a.txt"], by_key["results/a.txt/b"]
    assert (text(store, plain.path), plain.about["type"]) == ("one", "text/plain")
    assert (text(store, below.path), below.about["metadata"]) == ("two", {"who": "ann"})
    if isinstance(store, FolderStore):  # no folder has a file and a folder of one name
        assert "buckets/other-names" in plain.path + below.path
    items = [json.loads(line)["Item"] for line in text(store, f"tables/{lane.tables[0].name}/items.jsonl").splitlines()]
    assert sorted(each["word"]["S"] for each in items) == ["moon", "star"]
    assert base64.b64decode(items[0]["raw"]["B"]) == b"\xff"
    (logged,) = [path for path in entries if path.startswith("logs/aws/lambda/")]
    assert "\x1b" not in text(store, logged)
    assert json.loads(text(store, logged))["message"] == "START\x1b[31m"
    assert text(store, "files/teams/team9/words/count.py").startswith("def handler")
    assert not list(store.paths(UNFINISHED))


def test_a_second_time_it_reads_only_what_is_new_or_another(subject, store):
    make(subject, store)
    subject.aws.s3.put_object(Bucket=subject.lane.bucket, Key="new", Body=b"three")
    log(subject.aws, subject.lane, 2, "END")
    _, tally = make(subject, store)
    assert tally.kept == 2  # both objects; the log has one event more
    _, entries = held(store)
    assert text(store, entries[f"buckets/{subject.lane.bucket}/new"].path) == "three"
    (logged,) = [path for path in entries if path.startswith("logs/aws/lambda/")]
    assert len(text(store, logged).splitlines()) == 2


def test_what_has_gone_from_the_lane_stays_in_the_archive(subject, store):
    make(subject, store)
    subject.aws.s3.delete_object(Bucket=subject.lane.bucket, Key="results/a.txt")
    make(subject, store)
    (entry,) = [each for each in held(store)[1].values() if each.source.get("key") == "results/a.txt"]
    assert text(store, entry.path) == "one"


def test_damage_is_found_and_mended_by_the_next_archive(subject, store):
    make(subject, store)
    (bad,) = [path for path, each in held(store)[1].items() if each.source.get("key") == "results/a.txt"]
    store.write(bad, [b"six"])
    (logged,) = [path for path in held(store)[1] if path.startswith("logs/aws/lambda/")]
    store.remove(logged)
    told = list(damaged(store, open_archive(store)[1]))
    assert told == [f"{bad} is damaged: its SHA-256 is another", f"{logged} is missing"]
    make(subject, store)
    assert list(damaged(store, open_archive(store)[1])) == []


class Stopping:
    """A store that stops everything with *error* when it is to write for the last time."""

    def __init__(self, store, error, after):
        self._store, self._error, self._left = store, error, after

    def __getattr__(self, name):
        return getattr(self._store, name)

    def write(self, path, chunks):
        if path.startswith("buckets/"):
            self._left -= 1
            if self._left < 0:
                raise self._error
        return self._store.write(path, chunks)


def fill(subject, count):
    for number in range(count):
        subject.aws.s3.put_object(Bucket=subject.lane.bucket, Key=f"many/{number:03}", Body=b"%d" % number)


def test_ctrl_c_leaves_what_is_there_and_the_next_goes_on(subject, store):
    fill(subject, 40)
    with pytest.raises(InterruptedArchiveError, match=r"interrupted: \d+ files are there") as stopped:
        make(subject, Stopping(store, KeyboardInterrupt(), 30))
    assert (stopped.value.exit_code, stopped.value.again) == (130, True)
    with pytest.raises(LanesError, match="never finished"):
        open_archive(store)
    head, tally = make(subject, store)
    assert tally.kept >= 30 - 16  # so many are under way at once, and end
    assert head.complete
    assert list(not_held(subject, store, open_archive(store)[1])) == []


def test_after_a_full_disk_it_goes_on_too(subject, store):
    fill(subject, 10)
    with pytest.raises(OSError, match="No space left"):
        make(subject, Stopping(store, OSError(28, "No space left on device"), 5))
    head, tally = make(subject, store)
    assert 0 < tally.kept <= 5  # of those under way at once, some may not have been written down
    assert head.complete
    assert list(not_held(subject, store, open_archive(store)[1])) == []


def test_after_a_kill_only_what_no_journal_tells_is_read_again(subject, tmp_path):
    store = FolderStore(tmp_path / "archive")
    make(subject, store)
    store.move("manifest.json", f"{UNFINISHED}/manifest.json")  # as the next archive begins
    store.write(f"{UNFINISHED}/writing-abc", [b"half"])
    assert make(subject, store)[1].kept == 3
    assert not (tmp_path / "archive" / UNFINISHED).exists()


def test_an_object_that_may_not_be_read_is_named_and_the_rest_is_there(subject, store):
    real = subject.aws.s3.get_object

    def refuse(**asked):
        if asked["Key"] == "results/a.txt" and asked["Bucket"] == subject.lane.bucket:
            asked["IfMatch"] = "another"
        return real(**asked)

    subject.aws.s3.get_object = refuse
    head, _ = make(subject, store)
    assert head.missing == (f"s3://{subject.lane.bucket}/results/a.txt: it changed while it was archived",)
    assert not head.complete
    del subject.aws.s3.get_object
    head, tally = make(subject, store)
    assert (head.complete, tally.kept) == (True, 2)


def test_the_archive_of_another_lane_and_a_folder_with_other_things_are_refused(subject, store, tmp_path):
    make(subject, store)
    project = load_project(subject.project.root)
    (project.root / "teams/team8.yaml").write_text(
        "team: team8\nowner: b@example.edu\nsuffix: 1badcafe\nworkflows: {}\n"
    )
    other = load_project(project.root).lane("team8")
    with pytest.raises(UsageError, match="holds the archive of team9"):
        make(Subject(project, other, subject.aws), store)
    strange = FolderStore(tmp_path / "strange")
    strange.write("thesis.tex", [b"mine"])
    with pytest.raises(UsageError, match="holds files, and none of an archive"):
        make(subject, strange)
    assert text(strange, "thesis.tex") == "mine"


@pytest.mark.parametrize("planted", ["buckets", "files/teams/team9.yaml", "manifest.json"])
def test_nothing_is_read_or_written_through_a_link(subject, tmp_path, planted):
    store, outside = FolderStore(tmp_path / "archive"), tmp_path / "outside"
    make(subject, store)
    place = tmp_path / "archive" / planted
    place.replace(outside)
    place.symlink_to(outside)
    before = sorted(outside.rglob("*"))
    subject.aws.s3.put_object(Bucket=subject.lane.bucket, Key="late", Body=b"three")
    with pytest.raises(LanesError, match="no links"):
        make(subject, store)
    with pytest.raises(LanesError):
        list(damaged(store, open_archive(store)[1]))
    assert sorted(outside.rglob("*")) == before


@pytest.mark.parametrize(
    "change",
    [
        {"path": "a" * 300},
        {"path": "a/" * 600 + "a"},
        {"size": 10**30},
        {"size": -1},
        {"source": {"sort": ["object"]}},
        {"source": {}},
        {"counts": []},
        {"counts": {"object": 5}},
        {"counts": {"object": {"files": "x", "bytes": 1}}},
        {"counts": {"object": {}}},
    ],
    ids=lambda change: str(change)[:30],
)
def test_a_manifest_that_somebody_made_up_is_one_error(tmp_path, change):
    file = {"path": "buckets/a", "size": 1, "sha256": "0", "source": {"sort": "object"}}
    head = {"team": "team9", "stage": "dev", "account": "1", "region": "r", "format": 1}
    told = {**head, "counts": change["counts"], "files": [file]} if "counts" in change else None
    store = FolderStore(tmp_path)
    store.write("manifest.json", [json.dumps(told or {**head, "files": [file | change]}).encode()])
    with pytest.raises(LanesError):
        list(damaged(store, open_archive(store)[1]))


@pytest.mark.parametrize("line", [b"{", b"\xff"])
def test_a_damaged_journal_is_one_error(subject, tmp_path, line):
    store = FolderStore(tmp_path)
    store.write(f"{UNFINISHED}/000001.jsonl", [line])
    with pytest.raises(LanesError, match="journal is damaged"):
        make(subject, store)


def test_a_cloud_that_does_not_answer_is_one_error(subject, store):
    from botocore.exceptions import EndpointConnectionError

    real = subject.aws.s3.get_object

    def lost(**asked):
        if asked["Bucket"] == subject.lane.bucket:
            raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")
        return real(**asked)

    subject.aws.s3.get_object = lost
    with pytest.raises(ArchiveError, match="Could not connect"):
        make(subject, store)


# What an archive holds of a lane


def problems(subject, store):
    return list(not_held(subject, store, open_archive(store)[1]))


def test_what_came_or_changed_since_is_named(subject, store):
    make(subject, store)
    assert problems(subject, store) == []
    lane, aws = subject.lane, subject.aws
    aws.s3.put_object(Bucket=lane.bucket, Key="results/a.txt", Body=b"another")
    aws.s3.put_object(Bucket=lane.bucket, Key="late", Body=b"three")
    aws.client("dynamodb").put_item(TableName=lane.tables[0].name, Item={"word": {"S": "sun"}})
    log(aws, lane, 9, "REPORT")
    told = sorted(each.rpartition(" is ")[0] or each for each in problems(subject, store))
    assert told == sorted(
        [
            f"s3://{lane.bucket}/results/a.txt",
            f"s3://{lane.bucket}/late",
            f"the items of table {lane.tables[0].name} are others than in the archive",
            f"log {next(iter(lane.functions.values())).log_group}, 2026/12/01/[$LATEST]one",
        ]
    )
    make(subject, store)
    assert problems(subject, store) == []


def forged(store, change):
    """Give each file that *change* knows other bytes, and the manifest their checksums: as whoever owns both can."""
    manifest = json.loads(text(store, "manifest.json"))
    for told in manifest["files"]:
        if (body := change(told["source"])) is not None:
            told["size"], told["sha256"] = store.write(told["path"], [body])
    store.write("manifest.json", [json.dumps(manifest).encode()])


def unproven(store, index):
    found = set()
    assert list(damaged(store, index, on_unproven=lambda entry: found.add(entry.path))) == []
    return found


def test_an_objects_emptied_copy_is_told_though_its_manifest_says_so(subject, store):
    make(subject, store)
    forged(store, lambda source: b"" if source.get("key") == "results/a.txt" else None)
    index = open_archive(store)[1]
    told = list(not_held(subject, store, index, unproven(store, index)))
    assert told == [f"s3://{subject.lane.bucket}/results/a.txt has other bytes than its copy in the archive"]


def test_an_object_whose_etag_is_no_checksum_is_held_to_its_bytes(subject, store):
    s3, on = subject.aws.s3, {"Bucket": subject.lane.bucket, "Key": "pieces"}
    upload = s3.create_multipart_upload(**on)["UploadId"]
    part = s3.upload_part(**on, UploadId=upload, PartNumber=1, Body=b"three")
    parts = {"Parts": [{"ETag": part["ETag"], "PartNumber": 1}]}
    s3.complete_multipart_upload(**on, UploadId=upload, MultipartUpload=parts)
    make(subject, store)
    index = open_archive(store)[1]
    (path,) = unproven(store, index)
    assert path.endswith("pieces")
    assert list(not_held(subject, store, index, {path})) == []
    forged(store, lambda source: b"four" if source.get("key") == "pieces" else None)
    index = open_archive(store)[1]
    (told,) = not_held(subject, store, index, unproven(store, index))
    assert told.endswith("pieces has other bytes than its copy in the archive")


def test_the_same_items_in_another_order_are_the_same(subject, store):
    make(subject, store)
    path = f"tables/{subject.lane.tables[0].name}/items.jsonl"
    lines = text(store, path).splitlines(keepends=True)
    store.write(path, [line.encode() for line in reversed(lines)])
    assert problems(subject, store) == []


def test_a_table_that_no_file_names_any_more_is_in_it(subject, store):
    root = subject.project.root
    (root / "teams/team9/words/workflow.yaml").write_text(
        "description: Counts words.\nfunctions:\n  count: {handler: count.handler}\n"
    )
    project = load_project(root)
    lane = project.lane("team9")
    assert lane.tables == ()
    make(Subject(project, lane, subject.aws), store)
    assert f"tables/{subject.lane.tables[0].name}/items.jsonl" in held(store)[1]


def test_a_teams_link_to_a_file_of_who_archives_is_kept_as_a_link(subject, store, tmp_path):
    (tmp_path / "credentials").write_text("secret")
    notes = subject.project.root / "teams/team9/_notes"
    notes.mkdir()
    (notes / "key").symlink_to(tmp_path / "credentials")
    make(subject, store)
    assert text(store, "files/teams/team9/_notes/key") == str(tmp_path / "credentials")


def test_messages_in_a_queue_are_lost_and_named(subject, store, aws):
    from shared.deploy.guard import lane_tags

    aws.client("sqs").create_queue(QueueName="team9-words-todo-0badcafe", tags=lane_tags(subject.lane))
    url = subject.lane.queue_url("team9-words-todo-0badcafe")
    head, _ = make(subject, store)
    assert not any(each.lost for each in head.left_out)
    aws.client("sqs").send_message(QueueUrl=url, MessageBody="work")
    (told,) = problems(subject, store)
    assert told.startswith("1 messages in queue team9-words-todo-0badcafe: its messages are kept by nobody else")
