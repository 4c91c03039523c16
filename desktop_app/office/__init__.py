"""The office network: a desk that serves it, desks that find each other, and the several ways of a vault."""
