"""Bulk (批量): many records in one upload, committed chunk by chunk, each chunk with one acknowledgement."""
