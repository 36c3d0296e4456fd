"""What a lane should own, against what is there: a plan of frozen steps, and the one module that carries it out."""
