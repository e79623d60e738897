"""What is inside an uploaded file: what runs, calls out, or unpacks to too much."""
