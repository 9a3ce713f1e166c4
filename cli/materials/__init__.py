"""Files of a party: found, sent, bound to records by manifests, and compared with them again."""
