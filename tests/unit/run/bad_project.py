"""The files of a project in which everything is wrong that can be."""

import json

WORDS = "team: words\nowner: words@example.edu\nworkflows:\n  lab/survey: {}\n  lab/private: {}\n"
LAB = (
    "team: lab\nowner: lab@example.edu\nprovider: {environment: {TABLE_TOTALS: mine}}\n"
    "functions: {survey-look: {environment: {SECRET_KEY: mine}}}\n"
)

CARD = """\
description: Counts words.
share: [lab, nobody]
pyhton: "3.12"
architecture: arm
python: 3.10
package: zip
image: {uri: "123456789012.dkr.ecr.us-east-1.amazonaws.com/x:1", base: "amazon/aws-lambda-python:{python}"}
uses: {workflows: [next-week], tables: {total: readwrite}}
functions:
  split: {handler: split.handler}
  count:
    handler: count.handle
    layers: ["arn:aws:lambda:us-east-1:123456789012:layer:x:1"]
    async: {onFailure: {queue: faild}}
    uses: {tables: {totals: readwrite}, queues: {wrok: send}, services: [s3:GetObject], commons: [cosmos]}
    environment: {TABLE_TOTALS: mine, KEY: "AKIAIOSFODNN7EXAMPLE", TEAM: us}
  merge: {handler: merge.handler, memroySize: 256}
tables:
  totals: {key: word, indexes: {by-day: {key: "word:number"}}, sample: ../../elsewhere.json}
queues: {work: }
parameters:
  pieces: {type: integer, default: 0, minimum: 1, description: How many.}
"""

TEN_ERRORS = {
    "StartAt": "Splt",
    "States": {
        "Split": {"Type": "Task", "Resource": "${split}", "Next": "Pieces"},
        "Pieces": {
            "Type": "Map",
            "ItemsPath": "$.pieces[",
            "TimeoutSeconds": 5,
            "ItemProcessor": {
                "StartAt": "Count",
                "States": {
                    "Count": {"Type": "Task", "Resource": "${cuont}", "End": True},
                    "Lost": {"Type": "Pass", "End": True},
                },
            },
            "Next": "Choose",
        },
        "Choose": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.n", "NumericGreaterThan": "1", "Next": "Merg"}],
            "Default": "Later",
        },
        "Later": {"Type": "Wait", "Seconds": -1, "Next": "Merge"},
        "Merge": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "${merge}", "Payload": {"keys.$": "States.Nothing($)"}},
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Sorry"}],
            "Next": "Query",
        },
        "Query": {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% 1 + %}", "ResultPath": "$.x", "Nxt": 1},
    },
}

UNGRANTED = {
    "StartAt": "Side",
    "States": {
        "Side": {
            "Type": "Parallel",
            "Branches": [
                {
                    "StartAt": "Scan",
                    "States": {
                        "Scan": {
                            "Type": "Task",
                            "Resource": "arn:aws:states:::aws-sdk:dynamodb:deleteTable",
                            "Parameters": {},
                            "End": True,
                        }
                    },
                }
            ],
            "Next": "Theirs",
        },
        "Theirs": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:s3:getObject",
            "Parameters": {"Bucket": "team1-data", "Key.$": "$.key"},
            "End": True,
        },
    },
}

REQUIREMENTS = """\
# what merge needs
pandas >= 2
numpy => 1
-r more.txt
Pandas
./wheels/mine.whl
"""


def files():
    """Return the text of each file, by its path in the project."""
    return {
        "teams/words.yaml": WORDS,
        "teams/lab.yaml": LAB,
        "teams/words/word-count/workflow.yaml": CARD,
        "teams/words/word-count/workflow.asl.json": json.dumps(TEN_ERRORS, indent=2),
        "teams/words/word-count/count.py": "def handler(event, context):\n    return event\n",
        "teams/words/word-count/merge.py": "def handler(event, context)\n    return event\n",
        "teams/words/word-count/requirements.txt": REQUIREMENTS,
        "teams/words/stars/workflow.yaml": "description: Shadows a shared one.\n",
        "teams/words/stars/workflow.asl.yaml": (
            "StartAt: A\nStates:\n  A: {Type: Pass, Next: B}\n  B: {Type: Pass, Next: A}\n"
        ),
        "teams/words/survey/workflow.yaml": "description: Of the same name as one that lab lends.\n",
        "teams/words/survey/workflow.asl.json": '{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}',
        "teams/words/notes/readme.md": "No card.\n",
        "teams/nobody/thing/workflow.yaml": "description: [\n",
        "teams/nobody/thing/workflow.asl.json": '{"StartAt": "A",\n}',
        "teams/words/twice/workflow.yaml": "description: A key given twice, and two templates.\n",
        "teams/words/twice/workflow.asl.json": '{"StartAt": "A",\n "StartAt": "B"}',
        "teams/words/twice/workflow.asl.yaml": "StartAt: A\n",
        "teams/lab/survey/workflow.yaml": (
            "description: Lent.\nshare: all\nfunctions:\n  look:\n    handler: look.handler\n"
            "    uses: {tables: {totals: read}, secrets: [key]}\ntables: {totals: {key: word}}\nsecrets: {key: }\n"
            "parameters:\n  n: {type: integer, default: 1, description: How many.}\n"
        ),
        "teams/lab/survey/look.py": "def handler(event, context):\n    return event\n",
        "teams/lab/survey/workflow.asl.json": json.dumps(UNGRANTED, indent=2),
        "teams/lab/private/workflow.yaml": "description: Own.\nparameters: {jobs: {type: array, description: J}}\n",
        "teams/lab/private/workflow.asl.json": (
            '{"StartAt": "A", "States": {"A": {"Type": "Map", "ItemsPath": "$.tasks",\n'
            ' "ItemProcessor": {"StartAt": "B", "States": {"B": {"Type": "Pass", "End": true}}}, "End": true}}}'
        ),
    }
