"""Chains, anchors, attestations and the trust document."""
