"""The rendezvous service on AWS: what it is made of, and the plan that makes it. Operated like any lane."""
