"""What stands under all and knows no record: words, days, figures, limits, permissions, life cycles."""
