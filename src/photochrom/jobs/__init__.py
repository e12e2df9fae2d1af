"""Colorize many photos: select the inputs, choose the places of the results, and distribute the work."""
