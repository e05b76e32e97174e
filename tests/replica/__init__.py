"""Incident questions read from a real streaming replica: current, paused, far behind, gone, promoted."""
