"""A lane's code and libraries as Lambda takes them: a zip, or an image."""
