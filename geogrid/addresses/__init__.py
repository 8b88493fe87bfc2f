"""From the text of an address to a place in the city."""
