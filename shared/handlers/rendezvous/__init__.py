"""The platform's functions: is the rendezvous service well, and the weekly restart. ``service`` is what both know."""
