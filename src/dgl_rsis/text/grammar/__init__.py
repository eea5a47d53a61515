"""The grammar: rules over the words of one sentence.

docs/design.md 1.1.

* The sentence is read once, from left to right, longest match first, without backtracking.
* A modifier belongs to the nearest noun; a comma, *and* or a verb gives the word back to the
  target: *the hall near the road on the left* (the road is), *the hall near the road, on the
  left* (the hall is).
* Every construction is one module whose rules read words into a ``phrase.NounPhrase``; ``rules``
  puts them in order and ``boundaries`` knows the words at which a noun phrase ends. Anchors are
  noun phrases with the same rules, one level deeper (``noun_phrases``).
* Scope is not decided by the rules but by what a ``NounPhrase`` becomes.

A new construction is a module with its rules, their places in ``rules``, its words in
``lexicon.yaml`` and, where they end a noun phrase, in ``boundaries``.
"""
