"""The helpers that scripts in the field import beside ``fmi``."""
