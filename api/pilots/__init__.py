"""Pilot projects."""
