"""A company's list of holders as an operator gets it, and the demonstration that begins with it. All invented."""
