"""Holds reports that people hand in to what follows from them, and to runs that are made again."""
