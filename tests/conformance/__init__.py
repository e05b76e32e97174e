"""Public suites, read from the corpus beside the repository by `./run conformance`."""
