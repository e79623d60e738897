"""Drawings for pages and papers, SVG made on the server: they print, without script or style sheet."""

from webapp.drawing import course, curve, logic, scenes

__all__ = ["course", "curve", "logic", "scenes"]
