"""Metrics: photos and their truth in, one figure out, and the figures of single photos behind it."""
