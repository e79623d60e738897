"""The municipality's words, rules and records; importable without any web framework."""
