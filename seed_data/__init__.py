"""The invented city: its data, and the program that lives through its two years."""
