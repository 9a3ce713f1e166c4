"""Materials: files, uploaded in parts and given out in pieces."""
