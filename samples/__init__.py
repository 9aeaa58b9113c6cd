"""Fictional determination letters: their sources, what a correct parse yields, and renderings."""
