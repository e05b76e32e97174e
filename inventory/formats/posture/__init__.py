"""Readers of what is known about a repository's own safety: scorecards, findings, branch rules, workflows."""
