"""The library behind the programs."""
