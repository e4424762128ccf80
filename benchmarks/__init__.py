"""Measurements, by `make bench`: what isolation costs, beside the same thing without it."""
