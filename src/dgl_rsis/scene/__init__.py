"""Large scenes: tiles in, one map out, in memory that does not grow with the scene.

Tiles are read and understood one by one (:mod:`.work`), by one or many workers on this machine
(:mod:`.executors`) or on a cluster (:mod:`.ray_executor`); what is finished is recorded
(:mod:`.journal`); probabilities are blended where tiles overlap (:mod:`.blending`), painted, and
written as one file (:mod:`.segmenting`).
"""
