"""Watches: make one, let it look, and what it would have found before it was there."""
