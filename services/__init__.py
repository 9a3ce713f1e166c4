"""The business of regseal, one package a context; they talk through ``service`` modules, never tables."""
