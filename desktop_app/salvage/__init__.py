"""Reading what is still whole of a database that SQLite itself refuses."""
