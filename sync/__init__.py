"""The replicated log: changes, merge, keys, frames, client, server and bundles."""
