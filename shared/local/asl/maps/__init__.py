"""The Map state: inline and distributed, its items' readers and its results' writers."""
