"""Commands that work on this machine's own installation: init, up, down, doctor, migrate, status.

The only part of the command line that may reach into `services` and `chain`.
"""
