"""From words or a pasted text to a query and to what is said of it. Knows no index."""
