"""Chalice's own deployer, run in this process, with our names and our package in it."""
