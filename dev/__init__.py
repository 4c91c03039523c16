"""The developer's commands. What runs before the environment exists needs only the standard library."""
