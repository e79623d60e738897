"""What happens while an agreement runs: contributions, measurements, reports, risks, payments."""
