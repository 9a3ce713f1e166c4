"""Operations and authorisations."""
