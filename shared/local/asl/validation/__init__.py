"""Checking a definition before it is accepted: every problem, with its JSON path, in AWS's words."""

from __future__ import annotations

from shared.local.asl.validation.problems import Problem
from shared.local.asl.validation.warnings import warnings_of
from shared.local.asl.validation.whole import problems_of

__all__ = ["Problem", "problems_of", "warnings_of"]
