"""Starts an execution of a lane's workflow, watches it, and gathers what it left behind."""
