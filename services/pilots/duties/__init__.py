"""What is owed around a running pilot and after it (义务): one kind of row for all of it."""
