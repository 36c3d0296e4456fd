"""Counts what runs used, and says what that costs."""
