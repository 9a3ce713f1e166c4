"""What every context stands on: settings, database, clock, ids, at-rest keys, jobs, errors. Knows no business."""
