"""What is new reaches whom it fits: found by the worker, told once, on the screen and in a digest (C7)."""
