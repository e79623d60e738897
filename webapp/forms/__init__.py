"""Forms by audience."""
