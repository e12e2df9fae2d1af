"""One photo's whole job, the same for every interface: open, check, colorize, name, encode, write."""
