"""Large scenes: tiles in, one map out, in memory that does not grow with the scene.

Tiles are read and understood one by one (:mod:`.work`), by one or many workers on this machine
(:mod:`.executors`) or on a cluster (:mod:`.ray_executor`); what is finished is recorded
(:mod:`.journal`); probabilities are blended where tiles overlap (:mod:`.blending`), painted, and
written as one file (:mod:`.segmenting`).

Sentences are answered from a table of the parts of a scene (:mod:`.part_table`): what was found in
each tile (:mod:`.finding`, :mod:`.parts`) and meets over its borders (:mod:`.seams`) is scored for
the nouns of a sentence (:mod:`.scoring`) and put together as whole things (:mod:`.instances`), over
which its program runs (:mod:`.asking`).
"""
