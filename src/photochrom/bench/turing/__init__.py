"""The colorization Turing test (Zhang et al. 2016, section 3.2): can people tell inferred colours from true ones?"""
