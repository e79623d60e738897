"""What a case produces as Excel: one module a book."""
