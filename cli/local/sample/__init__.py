"""The sample world: invented institutions, each in its own folder, acting through the public API and `regseal sign`."""
