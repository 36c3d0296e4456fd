"""The IAM documents of the teams: what each may grant, and whom each may let in."""
