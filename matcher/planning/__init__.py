"""The year's plan: one assignment over all open needs and all open offers, to be edited and adopted."""
