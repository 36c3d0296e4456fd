"""A finished run as an OpenTelemetry trace.

``timed.py`` gives what an execution's history holds a beginning and an end. ``execution_spans.py`` and
``invocation_spans.py`` make spans of that and of REPORT lines, with names and attributes by OpenTelemetry's semantic
conventions 1.44 (``conventions.py``). ``run_spans.py`` reads a run and yields all of its spans. ``batches.py`` groups
them, ``otlp_json.py`` and ``otlp_protobuf.py`` write them, ``send.py`` sends them by OTLP/HTTP.

Ids follow from ARNs and numbers that never change (``ids.py``), so sending a run again tells a receiver nothing new.
"""
