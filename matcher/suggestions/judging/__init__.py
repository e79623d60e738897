"""How good suggestions are: measures, folders of judged texts, fitting. No page imports it."""
