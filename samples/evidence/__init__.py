"""Documents and many events go in, receipts come out, everything is stopped and verified, every tampering is found."""
