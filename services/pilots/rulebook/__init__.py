"""Rulebooks (规则手册) as data: one YAML a region, one loader, one table for the chain and for Python. Pure."""
