"""One company and one NPO: beginning, answering, deciding, talks, texts that several accept, files."""
