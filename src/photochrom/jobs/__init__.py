"""Many photos at once: which are meant, where their results go, and how the work is shared."""
