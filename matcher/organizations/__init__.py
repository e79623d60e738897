"""Companies and NPOs: their profile, how the city verifies it, who read it."""
