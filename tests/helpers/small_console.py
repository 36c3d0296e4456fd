"""A project of two small teams, and a console over it whose readings in the background are done at once."""

from contextlib import contextmanager

from shared.config.load import load_project
from shared.console.lanes import LaneLooks
from shared.run.clouds import Rehearsal
from tests.helpers.console import cloud_here, desk_of
from tests.helpers.small_project import SmallProject

_CARD = """description: Counts to one.
functions:
  count: {handler: count.handler, environment: {SECRET_MODEL: s3cr3t-value}}
"""
_TEMPLATE = """{"StartAt": "Right", "States": {
  "Right": {"Type": "Choice", "Default": "Wrong", "Choices": [
    {"Variable": "$.count", "IsPresent": true, "Next": "Count"}, {"Variable": "$.go", "IsPresent": true, "Next": "Done"}
  ]},
  "Count": {"Type": "Task", "Resource": "${count}", "Next": "Done"},
  "Done": {"Type": "Succeed"}, "Wrong": {"Type": "Fail", "Error": "Bad"}}}"""


class Console:
    """A desk, its cloud, and the files of its project, which may be edited."""

    def __init__(self, files, project, aws):
        self.files, self.aws = files, aws
        self.desk = desk_of(project, aws)
        self.desk.open_project = lambda: load_project(files.root, [""])
        self.desk.lanes = LaneLooks(start=lambda work: work())

    @property
    def lane(self):
        """The lane of team9."""
        return self.desk.lane("team9")

    def deploy(self):
        """Deploy team9."""
        project = self.desk.project
        cloud = self.desk.prepare(project, self.aws, lambda _: None)
        assert isinstance(cloud, Rehearsal)
        cloud.make_deployed(self.lane)

    def start(self, text):
        """Start the workflow of team9 with *text* as its input; return the run's id when it is over."""
        arn = self.aws.states.start_execution(stateMachineArn=self.lane.state_machine_arn("one"), input=text)
        while self.aws.states.describe_execution(executionArn=arn["executionArn"])["status"] == "RUNNING":
            pass
        return arn["executionArn"].rpartition(":")[2]

    def forget(self):
        """Have the next page read all again."""
        self.desk.lanes.forget_all()


@contextmanager
def small_console(folder, account=None):
    """Give a console over a cloud in which nothing is deployed yet; all its files are in *folder*."""
    root = folder / "project"
    root.mkdir()
    files = SmallProject(root)
    files.write("teams/team8.yaml", "team: team8\nowner: b@example.edu\n")
    files.write("teams/team9/one/workflow.yaml", _CARD)
    files.write("teams/team9/one/workflow.asl.json", _TEMPLATE)
    files.write("teams/team9/one/count.py", "def handler(event, context):\n    return 1\n")
    project = load_project(files.root)
    with cloud_here(project, folder / "cloud", account) as aws:
        yield Console(files, project, aws)
