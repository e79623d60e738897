"""What an official works with: steps, lists, handovers, disclosure."""

# Whoever changes a case needs what derives its steps; every program loads the desk.
import matcher.desk.steps  # noqa: F401
