"""What people look at: plots, the graph of a run, and the report."""
