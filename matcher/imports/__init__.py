"""Registers that a city already holds: tables, cells, columns, saving."""
