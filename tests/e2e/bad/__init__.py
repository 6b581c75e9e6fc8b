"""Everything that may not come into the books, and what is said about each: the tables by which the house is judged."""
