"""Compares runs: each one with what is usual for its workflow, and two of them with each other."""
