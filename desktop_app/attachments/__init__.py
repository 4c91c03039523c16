"""Files attached to cases: encrypted chunks beside the database, and the records that name them."""
