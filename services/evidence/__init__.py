"""Evidence (存证): records become leaves of append-only logs, logs get checkpoints, witnesses and anchors.

The one way into a log is the :mod:`sequencer <services.evidence.sequencer>`; everything that leaves it can be verified
without us.
"""
