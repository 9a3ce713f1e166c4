"""Symbolic tests of the contracts with halmos: a developer's tool, set up apart, neither linked nor shipped (AGPL)."""
