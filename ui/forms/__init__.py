"""Forms made from kits: editors, rules while typing, drafts."""
