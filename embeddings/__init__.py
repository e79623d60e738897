"""Text in, neighbours out: normalising, encoding, vector and word indexes. Knows no SQL and no HTTP."""
