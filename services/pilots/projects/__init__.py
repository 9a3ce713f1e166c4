"""Applications: form, applicants, materials, confirmations, and what is missing."""
