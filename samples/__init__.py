"""Samples: records to submit, and the demonstration behind `make demo`. They use the public command line and API only."""
