"""The application without a screen: vault, cases, kits, use cases and the command line."""

VERSION = "0.1.0"
