"""Training photos: reading them, holding them in memory, augmenting them."""
