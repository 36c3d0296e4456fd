"""Makes what people look at: plots, the drawing of a state machine, and the report."""
