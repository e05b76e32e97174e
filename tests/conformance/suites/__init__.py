"""The suites of `./run conformance`: one module each, found by its name (CONTRIBUTING.md says how one is added)."""
