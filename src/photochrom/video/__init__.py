"""Films on PyAV: probe, decode, encode and remux. Nothing here knows a network."""
