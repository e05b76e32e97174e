"""Measurements on data of realistic size: `./run bench`. Figures go to docs/benchmarks.md; tests keep it working."""
