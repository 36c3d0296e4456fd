"""Reads what was seen of runs, log lines and histories, into frozen values."""
