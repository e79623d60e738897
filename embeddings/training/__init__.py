"""How the bundled model is rebuilt from its sources; nothing here is needed at run time."""
