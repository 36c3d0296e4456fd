"""Runs, sweeps and their figures for people in notebooks."""
