"""Small matters stay in the grid, large ones in the community, hard ones in the street: levels of a case."""
