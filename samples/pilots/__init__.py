"""Pilot projects: settings of sample decisions, and the demonstration."""
