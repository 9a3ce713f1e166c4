"""Companies in custody (托管企业): their codes, and their way from the application to the exit."""
