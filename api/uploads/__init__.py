"""Bulk uploads."""
