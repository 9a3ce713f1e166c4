"""Entry bundles (条目包): what a mirror needs to put a log back, served to the auditor role."""
