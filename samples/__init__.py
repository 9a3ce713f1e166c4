"""Samples: records to submit, and the demonstration behind `make demo`. Public command line and API only."""
