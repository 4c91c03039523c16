"""The command line: the same use cases as the screens, for partners, scripts, tests and recovery."""
