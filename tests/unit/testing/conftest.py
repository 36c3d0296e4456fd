"""A small project with one team, and pytest run on its tests in this process."""

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.helpers.small_project import SmallProject

CARD = """
description: Counts.
functions:
  split: {handler: steps.split}
  count: {handler: steps.count, uses: {bucket: readwrite, tables: {totals: write}}}
tables: {totals: {key: word}}
queues: {work: {}}
secrets: {token: {}}
parameters:
  folder: {type: string, default: input, description: Where the texts are.}
"""
TEMPLATE = """{"StartAt": "Split", "States": {
  "Split": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "OutputPath": "$.Payload",
    "Parameters": {"FunctionName": "${split}", "Payload.$": "$"}, "Next": "Count"},
  "Count": {"Type": "Task", "Resource": "${count}", "End": true}}}"""
STEPS = """
import os
import boto3

s3 = boto3.client("s3")

def words(text):
    return len(text.split())

def split(event, context):
    found = s3.list_objects_v2(Bucket=os.environ["BUCKET"], Prefix=event["folder"]).get("Contents", [])
    if not found:
        raise FileNotFoundError(event["folder"])
    return {"keys": [each["Key"] for each in found]}

def count(event, context):
    texts = [s3.get_object(Bucket=os.environ["BUCKET"], Key=key)["Body"].read().decode() for key in event["keys"]]
    table = boto3.resource("dynamodb").Table(os.environ["TABLE_TOTALS"])
    table.put_item(Item={"word": "all", "n": sum(map(words, texts))})
    return {"words": sum(map(words, texts)), "left": context.get_remaining_time_in_millis() // 1000}
"""


class Project(SmallProject):
    """One with workflows that count words, whose tests can be run."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.workflow("words")

    def workflow(self, name, steps=STEPS, team="team9"):
        folder = f"teams/{team}/{name}"
        self.write(f"{folder}/workflow.yaml", CARD)
        self.write(f"{folder}/workflow.asl.json", TEMPLATE)
        self.write(f"{folder}/steps.py", steps)
        self.write(f"{folder}/sample/input/a.txt", "one two three")

    def tests(self, text, workflow="words"):
        """Write a module of tests into the workflow's folder."""
        self.write(f"teams/team9/{workflow}/tests/test_{workflow}.py", text)

    def run(self, **environment):
        """Run all tests; return what came of each by its name: its outcome, and the report of one that failed."""
        command = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "--junitxml=results.xml", "."]
        ended = subprocess.run(
            command, cwd=self.root, capture_output=True, text=True, check=False, env=os.environ | environment
        )
        assert (self.root / "results.xml").is_file(), ended.stdout + ended.stderr
        cases = ET.parse(self.root / "results.xml").iter("testcase")
        return {case.get("name"): next(iter(case), None) for case in cases}, ended.stdout
