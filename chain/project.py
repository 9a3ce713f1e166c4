"""Where the project's own files are: contracts, npm packages, built tools."""

from pathlib import Path

__all__ = ["NODE_MODULES", "PROJECT"]

PROJECT = Path(__file__).resolve().parents[1]
NODE_MODULES = Path("hardhat-devnet/node_modules")
"""Below the project's folder."""
