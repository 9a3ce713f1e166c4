"""Measurements against baselines of the same run: absolute figures are a machine's, ratios travel."""
