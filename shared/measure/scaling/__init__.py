"""Compares many runs: sweeps, their figures, and the model that predicts larger runs."""
