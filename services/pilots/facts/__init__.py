"""Facts: leaves of a project's stream that move nothing by themselves, and public comments."""
