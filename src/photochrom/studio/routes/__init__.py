"""What the studio answers to: one file for each kind of thing."""
