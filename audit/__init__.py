"""What was done, provably: a signed, append-only log that outsiders can check without us."""
