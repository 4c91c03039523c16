"""Two values of one field: what both people wrote, and which one stays."""
