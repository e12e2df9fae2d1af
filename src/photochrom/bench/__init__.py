"""Evaluate one model, compare many on equal terms, let people judge."""
