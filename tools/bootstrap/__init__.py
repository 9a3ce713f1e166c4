"""Set-up on a bare machine: a locked Python environment, a Node, npm packages and compiled contracts.

Runs under any Python >= 3.11 before anything is installed, hence standard library only. Every step is stamped with
the digest of what it was made from; a stamped step costs one small read.
"""
