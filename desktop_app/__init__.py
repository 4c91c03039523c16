"""The application without a screen: vault, cases, kits, use cases and the command line."""
