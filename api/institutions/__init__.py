"""Institutions, keys, roles and tokens."""
