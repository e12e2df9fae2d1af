"""Photographs as files: what comes in, what must survive, what goes out."""
