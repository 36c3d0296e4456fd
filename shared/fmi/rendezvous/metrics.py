"""The server's counters, as JSON for ``/health`` and as Prometheus text for ``/metrics``."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

_HELP = {
    "connections": "Connections accepted.",
    "many_connections": "Connections that asked for many names.",
    "pairings": "Pairs introduced to each other.",
    "many_pairings": "Those of them with an end that asked for many names.",
    "timeouts": "Clients that waited too long for their peer.",
    "abandoned": "Clients that left before their peer came.",
    "silent": "Clients that sent no request in time.",
    "broken": "Clients that broke the protocol.",
    "resumed": "Clients that took their place back after a lost connection.",
    "relayed_bytes": "Bytes carried between pairs that could not punch.",
}


@dataclass
class Metrics:
    """The server's counters. Gauges are read from the server when somebody asks."""

    counts: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    def as_json(self) -> dict[str, object]:
        """Return every counter by name; ``refused`` by reason."""
        return {**{name: self.counts[name] for name in _HELP}, "refused": dict(self.refused)}

    def as_prometheus(self, gauges: dict[str, float]) -> str:
        """Return the counters and *gauges* in Prometheus's text format."""
        lines: list[str] = []
        for name, text in _HELP.items():
            metric = f"fmi_rendezvous_{name}_total"
            lines += [f"# HELP {metric} {text}", f"# TYPE {metric} counter", f"{metric} {self.counts[name]}"]
        metric = "fmi_rendezvous_refused_total"
        lines += [f"# HELP {metric} Clients turned away, by reason.", f"# TYPE {metric} counter"]
        lines += [f'{metric}{{reason="{reason}"}} {count}' for reason, count in sorted(self.refused.items())]
        for name, value in gauges.items():
            metric = f"fmi_rendezvous_{name}"
            lines += [f"# TYPE {metric} gauge", f"{metric} {value:g}"]
        return "\n".join(lines) + "\n"
