"""Rehearse the incident question on what really runs, and compare its answer with a count by hand."""
