"""Tables out of spreadsheet files, row by row in constant memory. Knows cells, not what they mean."""
