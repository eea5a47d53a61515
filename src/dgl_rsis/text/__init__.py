"""Words: grammar, typed program, lexicon and knowledge."""
