"""What came of it: ratings, drafted texts, closing, the public page."""
