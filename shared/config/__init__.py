"""Reads naming.yaml, shared/settings.yaml, the workflow cards and teams/*.yaml into frozen lanes."""
