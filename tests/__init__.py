"""Tests of geogrid."""
