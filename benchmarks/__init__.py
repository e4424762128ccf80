"""Measurements of the cost of isolation, compared with the same code without it: `make bench`."""
