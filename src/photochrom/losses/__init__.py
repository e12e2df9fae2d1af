"""Losses: predictions and truth in, one scalar tensor out."""
