"""What a region's supervisors are told of its pilots (预警), and what they decide about it."""
