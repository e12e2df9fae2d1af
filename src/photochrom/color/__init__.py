"""Pure colour maths for NumPy and torch: no files, no networks."""
