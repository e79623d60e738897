"""One search over what whoever asks may see."""
