"""The municipality itself."""
