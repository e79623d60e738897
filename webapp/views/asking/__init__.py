"""How one asks for an act on a case after the introduction: one module a room, each with its ``FORMS``."""
