"""Needs and offers: writing, reading by the city, lasting, where a need and an offer meet."""
