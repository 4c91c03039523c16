"""PouchDB beside Sprava, on the same records in the same run: ``python -m benchmarks.pouchdb``."""
