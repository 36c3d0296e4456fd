"""Executions of the engine, asked as Step Functions' API tells of them."""

from shared.local.asl.api.executions import date


class FakeStates:
    """A client of Step Functions that knows executions of the engine and their children, also the forgotten ones."""

    def __init__(self, *executions, forgotten=0):
        self._executions = {each.arn: each for each in executions}
        self._map_runs = {}
        self._forgotten = forgotten
        for each in executions:
            self._add(each)

    def _add(self, execution):
        self._executions[execution.arn] = execution
        for run in execution.map_runs:
            self._map_runs[run.arn] = run
            for child in run.children.values():
                self._add(child)

    def get_paginator(self, name):
        self._name = name
        return self

    def paginate(self, executionArn=None, mapRunArn=None, **_paging):
        if executionArn:
            history = self._executions[executionArn].history
            return [{"events": history.page(0, 25_000, reverse=False, data=True)}]
        children = [*self._map_runs[mapRunArn].children.values()][self._forgotten :]
        return [{"executions": [self._listed(each) for each in reversed(children)]}]  # AWS gives the newest first

    def _listed(self, execution):
        started = date(execution.history.events[0][2])
        return {"executionArn": execution.arn, "name": execution.identity.name, "startDate": started}

    def describe_map_run(self, mapRunArn):
        return {"executionCounts": {"total": len(self._map_runs[mapRunArn].children)}}
