"""Trial and plan, indicators, agreement and its clauses; money that follows from outcomes."""
