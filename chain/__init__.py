"""All that speaks to an EVM chain or proves something about it; knows no database, no web and no business."""
