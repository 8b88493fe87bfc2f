"""Faults, bad input and load, for as long as it takes."""
