"""The typed program for the modifiers of a sentence.

Source: docs/design.md 1.4. A program is a tree that is read from the inside out: ``Select``
finds the instances of a noun, every other node narrows or ranks what its child yields, so the
order of scope is the nesting. Executing programs is the work of ``stages.spatial``.

* ``vocabulary``: positions, relations, keys, comparisons and units, the words of programs
* ``wording``: how these words are said
* ``step``: what every node can do; ``nodes``: the nodes, checked when they are made
* ``tree``: all nodes of a program, the nouns that it needs
* ``json_form``: programs from JSON, and the schema

A new node is one class in ``nodes``; its JSON and its schema follow from its fields.
"""
