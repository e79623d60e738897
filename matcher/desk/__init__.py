"""What an official works with: steps, lists, handovers, disclosure."""
