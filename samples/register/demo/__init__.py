"""`make demo-register`: a company from its spreadsheet into custody, deals, liens, an estate; simulated time."""
