"""Records and receipts."""
