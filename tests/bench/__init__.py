"""Measurements on data of realistic size: `./run bench`. Nothing here is a test; figures go to docs/benchmarks.md."""
