"""Work that is done after the answer: who holds it, what waits in line, who was last seen at it."""
