"""The screens, and the entry point that decides whether one is wanted."""
