"""What keeps a vault safe: pass phrase, recovery, backup, checks, locking; one card for each."""
