"""One module a page: what it reads, the frozen value that it shows, and the question that it answers."""
