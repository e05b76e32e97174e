"""Before the queue: read the body under its limits, keep it, say so, and only then ring for a worker."""
