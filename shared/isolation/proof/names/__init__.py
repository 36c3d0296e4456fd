"""Why two teams never share a name."""
