"""Reads files of logs in whatever form people have them, one event at a time.

A file is opened (:mod:`opened`: gzip, encodings), its form is told by its first line, and one module reads each form:
:mod:`tables` (CSV of Logs Insights, of the log viewer, of spreadsheets), :mod:`documents` (JSON of the AWS CLI, of
Insights and of subscriptions) and :mod:`texts` (what programs print for people). Where a query has left the message
out, the invocation's figures are read from its fields (:mod:`fields`).

Most files are damaged: cut off by a browser, opened in a spreadsheet, joined with cat. What cannot be read costs itself
only, and :class:`Problems` counts it: nothing is left out without a count.
"""

from shared.measure.observed.exports.line import LogLine, Problems, tells_of_invocation
from shared.measure.observed.exports.reading import read_export

__all__ = ["LogLine", "Problems", "read_export", "tells_of_invocation"]
