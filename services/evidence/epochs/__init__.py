"""Epochs (链纪元): a chain was lost, another took its place, and all that stood on the first is put on the next."""
